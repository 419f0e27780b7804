// `npm run bench [-- SECTION…]`: everything measured against peers in the same run. Node 24 reads the rest as TypeScript.
process.env.NODE_ENV = 'production';
const { main } = await import('./main.ts');
process.exit(await main(process.argv.slice(2), process.env));
