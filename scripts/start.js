// `npm start`: the program, with `demo` where no verb is named, so that `npm start -- --seed 7` varies the demo.
import { verbNames } from '../dist/app/cli/verbs.js';

process.env.NODE_ENV = 'production';
const words = process.argv.slice(2);
const own = ['-h', '--help', '-V', '--version', 'help'];
// A first word that is no option was meant as a verb: the program says which there are.
const isNamed = words[0] !== undefined && !words[0].startsWith('-');
const isWhole =
  isNamed ||
  words.some((word) => verbNames.includes(word) || own.includes(word) || word.startsWith('--connect'));
process.argv.splice(2, words.length, ...(isWhole ? words : ['demo', ...words]));
await import('../bin/kubectl-api_defense.js');
