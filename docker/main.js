// Without arguments the pipe; with them the command line: `docker run IMAGE check --help`.
require(process.argv.length > 2 ? './cli.js' : './pipe.js');
