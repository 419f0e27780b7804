// Prints `N passed, N failed, N skipped` from vitest's JSON report; fails when no test was run.
import { readFileSync } from 'node:fs';

let report;
try {
  report = JSON.parse(readFileSync(process.argv[2], 'utf8'));
} catch {
  console.log('0 passed, 1 failed, 0 skipped');
  process.exit(1);
}
const skipped = report.numPendingTests + report.numTodoTests;
for (const file of report.testResults)
  for (const test of file.assertionResults)
    if (test.status === 'pending' || test.status === 'skipped') console.log(`skipped: ${test.fullName}`);
const brokenFiles = report.testResults.filter(
  (file) => file.status === 'failed' && file.assertionResults.length === 0,
);
for (const file of brokenFiles) console.log(`failed to load: ${file.name}`);
console.log(
  `${report.numPassedTests} passed, ${report.numFailedTests + brokenFiles.length} failed, ${skipped} skipped`,
);
process.exit(report.numPassedTests === 0 || report.numFailedTests + brokenFiles.length > 0 ? 1 : 0);
