// `npm start`: the program, with `demo` where no verb is named, so that `npm start -- --seed 7` varies the demo.
import { verbNames } from '../dist/app/cli/verbs.js';

process.env.NODE_ENV = 'production';
const words = process.argv.slice(2);
const own = ['-h', '--help', '-V', '--version', 'help'];
const isWhole = words.some((word) => verbNames.includes(word) || own.includes(word) || word.startsWith('--connect'));
process.argv.splice(2, words.length, ...(isWhole ? words : ['demo', ...words]));
await import('../bin/kubectl-api_defense.js');
