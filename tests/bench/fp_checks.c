/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What exactness costs: host instructions for a guest's multiply-accumulate,
 * plain and with the looks that docs/decisions/floating-point-by-looking.md
 * describes; eight independent accumulators (throughput) and one (latency).
 * Beside it what the alternatives would pay: a SIGFPE, a store of MXCSR.
 */
#include <fenv.h>
#include <immintrin.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <time.h>
#include <ucontext.h>

enum {
	ROUNDS = 20000000,
	CHAINS = 8
};

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

#define TIME(name, per, body)                                      \
	do {                                                       \
		double best = 1e9;                                 \
                                                                   \
		for (int rep = 0; rep < 5; rep++) {                \
			double from = now();                       \
                                                                   \
			for (int i = 0; i < ROUNDS / (per); i++) { \
				body                               \
			}                                          \
			from = (now() - from) / ROUNDS;            \
			best = from < best ? from : best;          \
		}                                                  \
		printf("%-48s %6.2f ns\n", name, best);            \
	} while (0)

#define SCALAR_PLAIN "mulsd %2, %%xmm1; addsd %%xmm1, %0;"
#define SCALAR_LOOK                                    \
	"mulsd %2, %%xmm1; movapd %%xmm1, %%xmm2;"     \
	"andpd %3, %%xmm2; ucomisd %4, %%xmm2; je 9f;" \
	"addsd %%xmm1, %0; ucomisd %0, %0; jp 9f; 9:"
#define SCALAR(code, reg)                                           \
	__asm__ volatile("movapd %1, %%xmm1;" code                  \
			 : "+x"(reg)                                \
			 : "x"(da), "x"(db), "m"(abs64), "m"(min64) \
			 : "xmm1", "xmm2", "cc")

#define VECTOR_PLAIN "mulps %2, %%xmm1; addps %%xmm1, %0;"
/* the product's exponents, the operands, then the sum */
#define VECTOR_LOOK                                                       \
	"movaps %1, %%xmm2;"                                              \
	"pand %3, %%xmm2; movaps %2, %%xmm3; pand %3, %%xmm3;"            \
	"movdqa %%xmm2, %%xmm4; pminsd %%xmm3, %%xmm4;"                   \
	"paddd %%xmm3, %%xmm2; movdqa %%xmm2, %%xmm5; pmaxud %4, %%xmm5;" \
	"pcmpeqd %%xmm2, %%xmm5; movdqa %%xmm4, %%xmm6;"                  \
	"pcmpgtd %5, %%xmm6; pand %%xmm6, %%xmm5; pxor %%xmm6, %%xmm6;"   \
	"pcmpeqd %%xmm6, %%xmm4; por %%xmm4, %%xmm5;"                     \
	"movmskps %%xmm5, %%eax; cmp $15, %%eax; jne 9f;"                 \
	"mulps %2, %%xmm1; addps %%xmm1, %0;"                             \
	"movaps %0, %%xmm2; paddd %%xmm2, %%xmm2; paddd %6, %%xmm2;"      \
	"movdqa %7, %%xmm3; pcmpgtd %%xmm2, %%xmm3; movaps %0, %%xmm4;"   \
	"cmpunordps %%xmm4, %%xmm4; por %%xmm4, %%xmm3;"                  \
	"movmskps %%xmm3, %%eax; test %%eax, %%eax; jne 9f; 9:"
#define VECTOR(code, reg)                                                      \
	__asm__ volatile("movaps %1, %%xmm1;" code                             \
			 : "+x"(reg)                                           \
			 : "x"(a), "x"(b), "m"(abs32), "m"(enough), "m"(most), \
			   "m"(bias), "m"(edge)                                \
			 : "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6",     \
			   "eax", "cc")

static void on_fpe(int sig, siginfo_t *info, void *context)
{
	ucontext_t *uc = context;

	(void)sig;
	(void)info;
	uc->uc_mcontext.fpregs->mxcsr |= 0x1f80;
	uc->uc_mcontext.fpregs->mxcsr &= ~0x3fu;
}

static void price_of_sigfpe(void)
{
	struct sigaction sa = { .sa_sigaction = on_fpe,
				.sa_flags = SA_SIGINFO };
	enum {
		TRAPS = 200000
	};
	double from;

	sigaction(SIGFPE, &sa, NULL);
	from = now();
	for (int i = 0; i < TRAPS; i++) {
		_mm_setcsr(0x1f00); /* invalid is not masked */
		__asm__ volatile("xorps %%xmm0, %%xmm0; divss %%xmm0, %%xmm0" ::
					 : "xmm0");
	}
	printf("%-48s %6.0f ns\n", "SIGFPE", (now() - from) / TRAPS);
	_mm_setcsr(0x1f80);
}

int main(void)
{
	const __m128i abs32 = _mm_set1_epi32(0x7fffffff);
	const __m128i enough = _mm_set1_epi32(130 << 23);
	const __m128i most = _mm_set1_epi32(0x007fffff);
	const __m128i bias = _mm_set1_epi32(0x7fffffff);
	const __m128i edge = _mm_set1_epi32((int)0x80ffffff);
	const __m128i abs64 = _mm_set1_epi64x(INT64_MAX);
	const __m128d min64 = _mm_set1_pd(0x1p-1022);
	__m128 a = _mm_set1_ps(1.0f), b = _mm_set1_ps(1.5f), c[CHAINS];
	__m128d da = _mm_set1_pd(1.0), db = _mm_set1_pd(1.5), d[CHAINS];
	unsigned int mxcsr;

	for (int i = 0; i < CHAINS; i++) {
		c[i] = _mm_set1_ps((float)i);
		d[i] = _mm_set1_pd(i);
	}
#define EACH(macro, code, of)              \
	for (int k = 0; k < CHAINS; k++) { \
		macro(code, of[k]);        \
	}
	TIME("f64, eight chains, plain", CHAINS, EACH(SCALAR, SCALAR_PLAIN, d));
	TIME("f64, eight chains, looking", CHAINS,
	     EACH(SCALAR, SCALAR_LOOK, d));
	TIME("f64, one chain, plain", 1, SCALAR(SCALAR_PLAIN, d[0]););
	TIME("f64, one chain, looking", 1, SCALAR(SCALAR_LOOK, d[0]););
	TIME("4 x f32, eight chains, plain", CHAINS,
	     EACH(VECTOR, VECTOR_PLAIN, c));
	TIME("4 x f32, eight chains, looking", CHAINS,
	     EACH(VECTOR, VECTOR_LOOK, c));
	TIME("4 x f32, one chain, plain", 1, VECTOR(VECTOR_PLAIN, c[0]););
	TIME("4 x f32, one chain, looking", 1, VECTOR(VECTOR_LOOK, c[0]););
	TIME("stmxcsr", 1, __asm__ volatile("stmxcsr %0" : "=m"(mxcsr)););
	price_of_sigfpe();
	return 0;
}
