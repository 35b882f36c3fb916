// Runs a program of this folder as `require` does, from what V8 made of it when the image was built (compile.js): to
// parse and compile it takes longer than what a run does itself. V8 refuses what another version of it made, and
// compiles the program then.
const { existsSync, readFileSync } = require('node:fs');
const { wrap } = require('node:module');
const { join } = require('node:path');
const { Script } = require('node:vm');

exports.load = (file) => {
  const filename = join(__dirname, file);
  const cache = `${filename}.cache`;
  const cachedData = existsSync(cache) ? readFileSync(cache) : undefined;
  const source = readFileSync(filename, 'latin1').replace(/^#!.*/, '');
  const script = new Script(wrap(source), { filename, cachedData });
  const module = { exports: {} };
  script.runInThisContext()(module.exports, require, module, filename, __dirname);
  return script;
};
