// SPDX-License-Identifier: GPL-2.0-or-later
// The web server of tests/torture/real: two processes, each answer a function
// of its path alone.
'use strict';
const cluster = require('cluster');
const crypto = require('crypto');
const http = require('http');
const zlib = require('zlib');

// (i32) -> i32, recursive Fibonacci
const wasm = new WebAssembly.Instance(new WebAssembly.Module(Buffer.from(
    '0061736d0100000001060160017f017f0302010007050101660000' +
    '0a1e011c00200041024804' + '7f200005' + '200041016b1000' +
    '200041026b10006a0b0b', 'hex')));

function random(seed) {
    let s = seed | 1;
    return () => (s = (Math.imul(s, 1103515245) + 12345) & 0x7fffffff);
}

function words(n, count) {
    const next = random(n);
    const out = [];
    for (let i = 0; i < count; i++)
        out.push('w' + (next() >> 8) % 977);
    return out;
}

function fourier(n) {
    const next = random(n);
    const size = 256;
    const re = new Float64Array(size).map(() => next() / 65536);
    const out = new Float64Array(2 * size);
    for (let k = 0; k < size; k++) {
        let a = 0, b = 0;
        for (let i = 0; i < size; i++) {
            const w = 2 * Math.PI * k * i / size;
            a += re[i] * Math.cos(w);
            b -= re[i] * Math.sin(w);
        }
        out[2 * k] = a;
        out[2 * k + 1] = b;
    }
    return Buffer.from(out.buffer);
}

const answers = {
    json(n) {
        const count = new Map();
        for (const w of words(n, 3000))
            count.set(w, (count.get(w) || 0) + 1);
        const text = JSON.stringify([...count].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1)));
        return JSON.stringify(JSON.parse(text).map(([k, v]) => ({ k, v, s: String(v / 7) })));
    },
    gzip(n) { return zlib.gzipSync(words(n, 8000).join(' '), { level: 6 }); },
    hash(n) {
        const data = words(n, 6000).join(',');
        return ['md5', 'sha1', 'sha256', 'sha512'].map(
            (name) => crypto.createHash(name).update(data).digest('hex')).join('\n');
    },
    float: fourier,
    text(n) {
        return words(n, 4000).join(' ').replace(/w(\d)(\d+)/g, (all, a, b) => b + '-' + a)
            .split(/-[135]/).map((s) => s.trim().toUpperCase()).join('|');
    },
    wasm(n) { return String(wasm.exports.f(10 + n % 14)); },
    big(n) {
        let a = 1n;
        for (let i = 1n; i < 200n; i++)
            a = a * (BigInt(n) + i) % (2n ** 1024n - 105n);
        return a.toString(16);
    },
    code(n) {
        // New functions all the time: each is compiled, some are optimized.
        const f = new Function('x', `let s = ${n}; for (let i = 0; i < x; i++) s = (s * ${n % 97 + 3} + i) | 0; return s;`);
        return String(f(3000 + n % 1000));
    },
};

if (cluster.isMaster) {
    for (let i = 0; i < 2; i++)
        cluster.fork();
    cluster.on('exit', (worker, code, signal) => {
        console.log('a server ended', code, signal);
        process.exit(1);
    });
} else {
    const server = http.createServer((request, response) => {
        const [, kind, n] = request.url.split('/');
        response.end(answers[kind](Number(n)));
    });
    // However slow the machine is, nobody hangs up.
    server.keepAliveTimeout = server.headersTimeout = server.requestTimeout = 0;
    server.listen(8080, '127.0.0.1', () => console.log('listening'));
}
