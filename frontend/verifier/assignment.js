// Who inspects: "the first candidate whose choice still leaves a complete legal assignment".
// Where plain greedy gets stuck, a maximum flow answers whether the rest can still be completed.
import { byteOrder } from "./bytes.js";

const UNLIMITED = 1 << 30;

class Flow {
  // Edges come in pairs: edge e and its reverse e ^ 1.
  constructor(nodes) {
    this.out = Array.from({ length: nodes }, () => []);
    this.to = [];
    this.room = [];
  }

  edge(from, to, capacity) {
    this.to.push(to, from);
    this.room.push(capacity, 0);
    this.out[from].push(this.to.length - 2);
    this.out[to].push(this.to.length - 1);
    return this.to.length - 2;
  }

  // One more unit from source to sink; false when there is no way.
  augment(source, sink) {
    const via = new Int32Array(this.out.length).fill(-1);
    const queue = [source];
    via[source] = -2;
    for (let head = 0; head < queue.length && via[sink] === -1; head += 1) {
      for (const e of this.out[queue[head]]) {
        if (this.room[e] > 0 && via[this.to[e]] === -1) {
          via[this.to[e]] = e;
          queue.push(this.to[e]);
        }
      }
    }
    if (via[sink] === -1) return false;
    for (let at = sink; at !== source; at = this.to[via[at] ^ 1]) {
      this.room[via[at]] -= 1;
      this.room[via[at] ^ 1] += 1;
    }
    return true;
  }

  push(e) {
    this.room[e] -= 1;
    this.room[e ^ 1] += 1;
  }

  carries(e) {
    return this.room[e ^ 1] > 0;
  }
}

// Nodes: 0 source, 1 sink, then people, then two intakes a job (qualified, second).
class Component {
  constructor(jobs, loads, cap) {
    this.jobs = jobs;
    this.people = [...new Set(jobs.flatMap((job) => job.members))];
    const number = new Map(this.people.map((p, i) => [p, 2 + i]));
    const first = 2 + this.people.length;
    this.flow = new Flow(first + 2 * jobs.length);
    this.source = new Map(this.people.map((p) => [p, this.flow.edge(0, number.get(p), Math.max(0, cap - (loads.get(p) ?? 0)))]));
    this.slots = jobs.map((job, j) => {
      const [q, s] = [first + 2 * j, first + 2 * j + 1];
      const entries = new Map();
      for (const p of job.members) entries.set(p, this.flow.edge(number.get(p), job.qualified.has(p) ? q : s, 1));
      return { entries, pass: this.flow.edge(q, s, 1), qualified: this.flow.edge(q, 1, 1), second: this.flow.edge(s, 1, 1) };
    });
    let total = 0;
    while (this.flow.augment(0, 1)) total += 1;
    this.complete = total === 2 * jobs.length;
  }

  // Takes back the unit person p brings into job j.
  cancel(p, j) {
    const { entries, pass, qualified, second } = this.slots[j];
    const flow = this.flow;
    flow.push(this.source.get(p) ^ 1);
    flow.push(entries.get(p) ^ 1);
    if (!this.jobs[j].qualified.has(p)) flow.push(second ^ 1);
    else if (flow.carries(pass)) {
      flow.push(pass ^ 1);
      flow.push(second ^ 1);
    } else flow.push(qualified ^ 1);
  }

  // Gives slot ("qualified" or "second") of job j to p for good, if all other open slots can still be filled.
  fix(p, j, slot) {
    const flow = this.flow;
    const kept = flow.room.slice();
    const entry = this.slots[j].entries.get(p);
    let missing = -1; // the fixed slot itself no longer needs a unit of flow
    const users = (job) => [...this.slots[job].entries].filter(([, e]) => flow.carries(e)).map(([who]) => who);
    for (const who of users(j)) {
      this.cancel(who, j);
      missing += 1;
    }
    const own = this.source.get(p);
    for (let job = 0; flow.room[own] === 0 && job < this.jobs.length; job += 1) {
      const e = this.slots[job].entries.get(p);
      if (e !== undefined && flow.carries(e)) {
        this.cancel(p, job);
        missing += 1;
      }
    }
    let possible = flow.room[own] > 0;
    if (possible) {
      flow.room[own] -= 1;
      flow.room[entry] = 0;
      flow.room[this.slots[j][slot]] = 0;
      for (; missing > 0 && possible; missing -= 1) possible = flow.augment(0, 1);
    }
    if (!possible) flow.room = kept;
    return possible;
  }
}

function greedy(jobs, loads, cap, order) {
  const now = new Map(loads);
  const pairs = new Map();
  for (const job of jobs) {
    const pair = [];
    for (const among of [job.members.filter((p) => job.qualified.has(p)), job.members]) {
      const free = among.filter((p) => !pair.includes(p) && (now.get(p) ?? 0) < cap);
      if (!free.length) return null;
      const chosen = order(job, free, now)[0];
      pair.push(chosen);
      now.set(chosen, (now.get(chosen) ?? 0) + 1);
    }
    pairs.set(job.job, pair);
  }
  return pairs;
}

function careful(jobs, loads, cap, order) {
  const component = new Component(jobs, loads, cap);
  if (!component.complete) throw new Error("检查人员不足，没有完整的分派");
  const now = new Map(loads);
  const pairs = new Map();
  jobs.forEach((job, j) => {
    const pair = [];
    for (const slot of ["qualified", "second"]) {
      const among = job.members.filter((p) => !pair.includes(p) && (slot === "second" || job.qualified.has(p)));
      const chosen = order(job, among, now).find((p) => component.fix(p, j, slot));
      pair.push(chosen);
      now.set(chosen, (now.get(chosen) ?? 0) + 1);
    }
    pairs.set(job.job, pair);
  });
  return pairs;
}

export function eligible(person, job, recused) {
  return (
    person.department === job.department &&
    person.regions.includes(job.region) &&
    !job.objects.some((object) => recused.has(`${person.id}|${object}`))
  );
}

export const isQualified = (person, job) => job.items.every((item) => person.items.includes(item));

// Candidates by (load in this draw, hash); `rank` caches the hash.
export function candidateOrder(H, seed) {
  return (job, among, loads) => {
    const least = among.map((p) => ({ p, load: loads.get(p) ?? 0, hash: H(`${seed}|P|${job.job}|${p}`) }));
    least.sort((a, b) => a.load - b.load || (a.hash < b.hash ? -1 : a.hash > b.hash ? 1 : byteOrder(a.p, b.p)));
    return least.map(({ p }) => p);
  };
}

// Returns Map(job → [qualified officer, second person]).
export function assign(jobs, people, recusals, { seed, H, cap, loads }) {
  const recused = new Set(recusals.map(([person, object]) => `${person}|${object}`));
  const places = new Map();
  for (const person of people) {
    for (const region of person.regions) {
      const place = `${person.department}\t${region}`;
      if (!places.has(place)) places.set(place, []);
      places.get(place).push(person);
    }
  }
  const prepared = jobs
    .map((job) => {
      const near = places.get(`${job.department}\t${job.region}`) ?? [];
      const able = near.filter((person) => eligible(person, job, recused));
      const members = able.map((person) => person.id);
      const qualified = new Set(able.filter((person) => isQualified(person, job)).map((person) => person.id));
      return { ...job, members, qualified, turn: H(`${seed}|J|${job.job}`) };
    })
    .sort((a, b) => (a.turn < b.turn ? -1 : a.turn > b.turn ? 1 : byteOrder(a.job, b.job)));
  const result = new Map();
  const order = candidateOrder(H, seed);
  for (const group of components(prepared)) {
    const pairs = greedy(group, loads, cap ?? UNLIMITED, order) ?? careful(group, loads, cap ?? UNLIMITED, order);
    for (const [job, pair] of pairs) result.set(job, pair);
  }
  return result;
}

// Jobs that share no inspector do not influence one another.
function components(jobs) {
  const parent = new Map();
  const find = (x) => {
    while (parent.get(x) !== x) x = parent.get(x);
    return x;
  };
  for (const job of jobs) {
    for (const p of job.members) if (!parent.has(p)) parent.set(p, p);
    for (const p of job.members) parent.set(find(p), find(job.members[0]));
  }
  const groups = new Map();
  for (const job of jobs) {
    const key = job.members.length ? find(job.members[0]) : job;
    if (!groups.has(key)) groups.set(key, []);
    groups.get(key).push(job);
  }
  return groups.values();
}
