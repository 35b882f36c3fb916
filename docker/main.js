// Without arguments the pipe; with them the command line: `docker run IMAGE check --help`.
require('./load.js').load(process.argv.length > 2 ? 'cli.js' : 'pipe.js');
