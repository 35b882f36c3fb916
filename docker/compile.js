// Keeps what V8 makes of a program, `node compile.js pipe.js`, in `pipe.js.cache`: after a run of it that ends with a
// fault, so that what every run needs is compiled in it.
const { writeFileSync } = require('node:fs');
const { load } = require('./load.js');

const [file] = process.argv.splice(2, 1);
const script = load(file);
process.on('exit', () => writeFileSync(`${__dirname}/${file}.cache`, script.createCachedData()));
