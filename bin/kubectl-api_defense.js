#!/usr/bin/env node
// The stub kubectl runs: refuses an unsuitable Node or OS in one sentence, selects React's production build, then loads the app.
const wanted = 24;
const major = Number(process.versions.node.split('.')[0]);
if (major < wanted) {
  process.stderr.write(
    `kubectl-api_defense needs Node ${wanted} or newer and this is ${process.version}: install a current Node, or run it with \`npm start\` from a checkout, which brings its own.\n`,
  );
  process.exit(69);
}
if (process.platform !== 'linux' && process.platform !== 'darwin') {
  process.stderr.write(`kubectl-api_defense runs on Linux and macOS, not on ${process.platform}.\n`);
  process.exit(69);
}
process.env.NODE_ENV = 'production';
const { main } = await import('../dist/app/cli/main.js');
await main(process.argv.slice(2));
