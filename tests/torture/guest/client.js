// SPDX-License-Identifier: GPL-2.0-or-later
// client.js FIRST COUNT: asks the server of tests/torture/real for COUNT
// pages, twelve at a time, and prints the hash of each kind's answers.
'use strict';
const crypto = require('crypto');
const http = require('http');

const kinds = ['json', 'gzip', 'hash', 'float', 'text', 'wasm', 'big', 'code'];
const first = Number(process.argv[2]);
const count = Number(process.argv[3]);
const agent = new http.Agent({ keepAlive: true, maxSockets: 12 });
const sums = new Array(count);
let next = 0;
let done = 0;

function ask() {
    if (next === count)
        return;
    const n = next++;
    const path = `/${kinds[n % kinds.length]}/${first + n}`;
    http.get({ host: '127.0.0.1', port: 8080, path, agent }, (answer) => {
        const hash = crypto.createHash('sha256');
        answer.on('data', (data) => hash.update(data));
        answer.on('end', () => {
            sums[n] = answer.statusCode + ' ' + hash.digest('hex');
            if (++done === count)
                finish();
            ask();
        });
    }).on('error', (error) => {
        console.log(`${path}: ${error.message}`);
        process.exit(1);
    });
}

function finish() {
    kinds.forEach((kind, k) => {
        const all = sums.filter((_, n) => n % kinds.length === k).join('\n');
        console.log(kind, crypto.createHash('sha256').update(all).digest('hex'));
    });
    process.exit(0);
}

for (let i = 0; i < 12; i++)
    ask();
