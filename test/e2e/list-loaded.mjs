// Preloaded into the binary by loading.test.ts: appends what it ran to the file named in LOADED_LIST (`%p`: the process). ES modules are listed as they
// are loaded; CommonJS ones at exit from the cache, because Node also reads files it never runs to learn their exports.
import { appendFileSync } from 'node:fs';
import Module, { registerHooks } from 'node:module';

const list = process.env.LOADED_LIST.replace('%p', process.pid);

registerHooks({
  load(url, context, next) {
    const loaded = next(url, context);
    if (loaded.format === 'module') appendFileSync(list, `${url}\n`);
    return loaded;
  },
});
process.on('exit', () => {
  const ran = Object.values(Module._cache).filter((module) => module.loaded);
  appendFileSync(list, `${ran.map((module) => module.filename).join('\n')}\n`);
});
