// The closing words of `.ci/run`, from vitest's JSON report: every skipped test with its reason, whatever went wrong beyond a
// single test, and as the last line `N passed, N failed, N skipped`. Ends with 1 unless tests ran and nothing went wrong.
// `summarise-tests REPORT [STATUS]`: STATUS is what the test command ended with.
import { readFileSync } from 'node:fs';

const countNames = ['numTotalTests', 'numPassedTests', 'numFailedTests', 'numPendingTests', 'numTodoTests'];
const skippedStates = ['pending', 'skipped', 'todo'];

/** The report, or undefined when there is none that can be counted on. */
function readReport(path) {
  try {
    const report = JSON.parse(readFileSync(path, 'utf8'));
    const isCounted = countNames.every((name) => Number.isInteger(report[name]) && report[name] >= 0);
    return isCounted && Array.isArray(report.testResults) ? report : undefined;
  } catch {
    return undefined;
  }
}

const hasFailed = ({ status }) => status === 'failed';

/** Failures that are no test's: a file that does not load, a hook that throws, a run that ended badly or ran nothing. */
function faultsBeyondTests(report, status) {
  const files = report.testResults.filter(hasFailed);
  const outside = files.filter(({ assertionResults }) => !assertionResults.some(hasFailed));
  const faults = outside.map(({ name, message }) => `failed outside its tests: ${name}: ${message}`);
  const { numTotalTests, numPassedTests, numFailedTests, numPendingTests, numTodoTests } = report;
  const counted = numPassedTests + numFailedTests + numPendingTests + numTodoTests;
  if (numTotalTests !== counted) faults.push(`of ${numTotalTests} tests ${counted} have an outcome`);
  if (numFailedTests + faults.length > 0) return faults;
  if (numPassedTests === 0) faults.push('no test passed');
  else if (report.success !== true) faults.push('vitest reports no success');
  else if (status !== 0) faults.push(`the run ended with status ${status} although no test failed`);
  return faults;
}

/** One line a skipped test; its reason stands in its name or that of its group. In a file that failed, tests were never reached. */
function skippedLines({ testResults }) {
  return testResults.flatMap((file) =>
    file.assertionResults
      .filter(({ status }) => skippedStates.includes(status))
      .map(({ fullName }) => {
        const name = fullName.trim();
        if (/\(skipped: [^)]+\)/.test(name)) return `skipped: ${name}`;
        return hasFailed(file) ? `not reached: ${name}` : `skipped without a reason: ${name}`;
      }),
  );
}

const [path, statusText = '0'] = process.argv.slice(2);
const report = path === undefined ? undefined : readReport(path);
const faults =
  report === undefined
    ? ['there is no report with counts: the tests did not get to their end']
    : faultsBeyondTests(report, Number(statusText));
const passed = report?.numPassedTests ?? 0;
const failed = (report?.numFailedTests ?? 0) + faults.length;
const skipped = (report?.numPendingTests ?? 0) + (report?.numTodoTests ?? 0);
const lines = [...(report === undefined ? [] : skippedLines(report)), ...faults.map((fault) => `! ${fault}`)];
for (const line of lines) console.log(line);
console.log(`${passed} passed, ${failed} failed, ${skipped} skipped`);
process.exit(failed > 0 ? 1 : 0);
