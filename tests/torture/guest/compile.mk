# SPDX-License-Identifier: GPL-2.0-or-later
# Sean Barrett's libraries (libstb-dev), each an object of its own, and a
# program of two of them; what is printed are the hashes, without what says
# which build of the compiler it was: so a cross compiler must come to the same.
stb := /usr/include/stb
objects := write.o resize.o rects.o perlin.o dxt.o sprintf.o core.o
CFLAGS := -O2 -w
CC := gcc-12
OBJCOPY := objcopy

all: $(objects) program
	@for o in $(objects); do $(OBJCOPY) -R .comment $$o stripped && sha256sum <stripped; done
	@$(RUN) ./program

write.o: private flags = -DSTB_IMAGE_WRITE_IMPLEMENTATION -x c $(stb)/stb_image_write.h
resize.o: private flags = -DSTB_IMAGE_RESIZE_IMPLEMENTATION -x c $(stb)/stb_image_resize.h
rects.o: private flags = -DSTB_RECT_PACK_IMPLEMENTATION -x c $(stb)/stb_rect_pack.h
perlin.o: private flags = -DSTB_PERLIN_IMPLEMENTATION -x c $(stb)/stb_perlin.h
dxt.o: private flags = -DSTB_DXT_IMPLEMENTATION -x c $(stb)/stb_dxt.h
sprintf.o: private flags = -DSTB_SPRINTF_IMPLEMENTATION -x c $(stb)/stb_sprintf.h
core.o: private flags = -O3 -mfpu=neon -I/source /source/core.c

$(objects):
	@$(CC) $(CFLAGS) -c -o $@ $(flags)

program: perlin.o sprintf.o
	@$(CC) $(CFLAGS) -I$(stb) -o $@ /source/program.c perlin.o sprintf.o -lm
