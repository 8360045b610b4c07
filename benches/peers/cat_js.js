// jsCAT: simulated tests, and the time of one step. EAP, prior N(0, 1), maximum information.
//   node cat_js.js simulate FOLDER PERSONS LENGTH
//   node cat_js.js next FOLDER STEPS SECONDS
// NODE_PATH names the folder that holds the package.
const fs = require('fs');
const path = require('path');
const { Cat } = require('@bdelab/jscat');

const [mode, folder, first, second] = process.argv.slice(2);
const lines = (name) => fs.readFileSync(path.join(folder, name), 'utf8').trim().split('\n');
const bank = lines('bank.csv').slice(1).map((line, id) => {
  const [a, b, c, d] = line.split(',').map(Number);
  return { id, a, b, c, d };
});
const stimuli = bank.map(({ id, a, b, c, d }) => (
  { id, discrimination: a, difficulty: b, guessing: c, slipping: d }
));
const start = () => new Cat({
  method: 'EAP', itemSelect: 'MFI', theta: 0, minTheta: -6, maxTheta: 6,
  priorDist: 'norm', priorPar: [0, 1], randomSeed: 's',
});
const cpuMs = () => {
  const used = process.cpuUsage();
  return (used.user + used.system) / 1e3;
};
const parameters = ({ a, b, c, d }) => ({ a, b, c, d });

function answers() {
  const bytes = fs.readFileSync(path.join(folder, 'responses.npy'));
  const length = bytes.readUInt16LE(8);
  const at = 10 + length;
  return (person, item) => bytes[at + person * bank.length + item];
}

function simulate(persons, length) {
  const answer = answers();
  const theta = lines('theta.csv').map(Number);
  let squares = 0;
  const before = cpuMs();
  for (let person = 0; person < persons; person += 1) {
    const cat = start();
    let left = stimuli;
    for (let question = 0; question < length; question += 1) {
      const { nextStimulus, remainingStimuli } = cat.findNextItem(left, undefined, false);
      left = remainingStimuli;
      const { id } = nextStimulus;
      cat.updateAbilityEstimate(parameters(bank[id]), answer(person, id));
    }
    squares += (cat.theta - theta[person]) ** 2;
  }
  const cpu = (cpuMs() - before) / 1e3;
  return {
    persons, cpu_s: cpu, per_cpu_s: persons / cpu, rmse: Math.sqrt(squares / persons),
  };
}

function next(steps, seconds) {
  const cat = start();
  for (let k = 0; k < 10; k += 1) {
    cat.updateAbilityEstimate(parameters(bank[(k * 37) % bank.length]), k % 2);
  }
  const end = cpuMs() + 1e3 * seconds;
  const times = [];
  let left = stimuli;
  while (times.length < steps && (times.length === 0 || cpuMs() < end)) {
    const before = cpuMs();
    const k = times.length;
    cat.updateAbilityEstimate(parameters(bank[(k * 53 + 11) % bank.length]), k % 2);
    left = cat.findNextItem(left, undefined, false).remainingStimuli;
    times.push(cpuMs() - before);
  }
  times.sort((x, y) => x - y);
  return { steps: times.length, cpu_ms: times[times.length >> 1] };
}

const result = mode === 'simulate' ? simulate(+first, +second) : next(+first, +second);
console.log(JSON.stringify({ peer: 'jscat', items: bank.length, ...result }));
