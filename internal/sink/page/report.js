
(() => {
'use strict';
// Everything shown comes from the data block and is set as text, never as markup.
const data = JSON.parse(document.getElementById('data').textContent);
const SEV = ['info', 'low', 'medium', 'high', 'critical'];
const SIGN = ['·', '●', '◆', '▲', '✖'];
const STEP = 100;
const el = (tag, cls, text) => {
  const e = document.createElement(tag);
  if (cls) e.className = cls;
  if (text !== undefined) e.textContent = text;
  return e;
};
const rules = data.rules, findings = data.findings;
const who = f => f.k + ' ' + (f.ns ? f.ns + '/' : '') + f.n;
const at = f => f.f ? f.f + (f.l ? ':' + f.l : '') : '';
const level = f => SEV[f.s];
const plural = (n, noun) => n.toLocaleString('en') + ' ' + noun + (n === 1 ? '' : 's');
for (const f of findings) {
  const r = rules[f.r] || {};
  f.hay = [f.r, r.title, r.maps, who(f), f.m, at(f), f.p, level(f)].join('\n').toLowerCase();
}
const state = {q: '', off: new Set(), group: 'rule'};
const list = document.getElementById('list'), q = document.getElementById('q'), shown = document.getElementById('shown');
const cards = [...document.querySelectorAll('.card')], segs = [...document.querySelectorAll('.seg button')];

const read = () => {
  const p = new URLSearchParams(location.hash.slice(1));
  state.q = p.get('q') || '';
  const g = p.get('group');
  state.group = ['rule', 'workload', 'file'].includes(g) ? g : 'rule';
  const only = (p.get('severity') || '').split(',').filter(s => SEV.includes(s));
  state.off = new Set(only.length ? SEV.filter(s => !only.includes(s)) : []);
};
const save = () => {
  const p = new URLSearchParams();
  if (state.q) p.set('q', state.q);
  if (state.off.size) p.set('severity', SEV.filter(s => !state.off.has(s)).reverse().join(','));
  if (state.group !== 'rule') p.set('group', state.group);
  const hash = p.toString();
  try { history.replaceState(null, '', hash ? '#' + hash : '#'); } catch { /* a page without an address */ }
};

const tag = f => {
  const t = el('span', 'tag ' + level(f));
  const sign = el('span', '', SIGN[f.s]);
  sign.setAttribute('aria-hidden', 'true');
  t.append(sign, SEV[f.s]);
  return t;
};
const KEY = {rule: f => f.s + f.r, workload: who, file: f => f.f || 'no file'};
const groupsOf = hits => {
  const all = new Map();
  for (const f of hits) {
    const k = KEY[state.group](f);
    const g = all.get(k);
    if (g) g.push(f); else all.set(k, [f]);
  }
  return [...all.values()].sort((a, b) => b[0].s - a[0].s || b.length - a.length);
};
// Long lists are written in steps, as they are scrolled to.
const steps = (box, items, make) => {
  let n = 0;
  const next = () => {
    const part = document.createDocumentFragment();
    for (const end = Math.min(n + STEP, items.length); n < end; n++) part.append(make(items[n]));
    box.append(part);
    if (n >= items.length) return;
    const left = items.length - n;
    const more = el('button', 'more', 'Show ' + Math.min(STEP, left) + ' more of ' + left);
    more.type = 'button';
    const go = () => { seen.disconnect(); more.remove(); next(); };
    const seen = new IntersectionObserver(e => { if (e.some(x => x.isIntersecting)) go(); }, {rootMargin: '300px'});
    more.addEventListener('click', go);
    box.append(more);
    if (box === list) seen.observe(more);
  };
  next();
};
const prose = (box, text) => {
  text.split('`').forEach((part, i) => { if (part) box.append(i % 2 ? el('code', '', part) : part); });
  return box;
};
const lazily = (details, fill) => {
  details.addEventListener('toggle', () => { if (details.open && !details.filled) { details.filled = true; fill(); } });
};
const fixBox = f => {
  const box = el('div', 'fix' + (f.cmd ? '' : ' none'));
  box.append(el('b', '', 'Fix'));
  if (!f.cmd) { box.append(el('span', '', f.no)); return box; }
  const code = el('code', '', f.cmd);
  if (f.unsafe) code.append(el('small', '', 'First check: ' + f.unsafe));
  const copy = el('button', 'copy', 'Copy');
  copy.type = 'button';
  copy.addEventListener('click', async () => {
    try { await navigator.clipboard.writeText(f.cmd); copy.textContent = 'Copied'; }
    catch { getSelection().selectAllChildren(code); copy.textContent = 'Selected'; }
    setTimeout(() => { copy.textContent = 'Copy'; }, 1500);
  });
  box.append(code, copy);
  return box;
};
const about = f => {
  const box = el('div', 'about');
  const x = f.x === undefined ? null : data.excerpts[f.x];
  if (x) {
    const pre = el('pre', 'code'), lines = el('div');
    x.lines.forEach((text, i) => {
      const n = x.start + i, line = el('span', n === f.l ? 'hit' : '');
      line.append(el('i', '', n), text);
      if (n === f.l) line.setAttribute('aria-current', 'true');
      lines.append(line);
    });
    pre.append(lines);
    pre.tabIndex = 0;
    box.append(pre);
  }
  const dl = el('dl');
  const row = (name, text, cls) => { if (text) dl.append(el('dt', '', name), el('dd', cls || '', text)); };
  row('Path', f.p, 'mono');
  row('Value', f.val, 'mono');
  row('Rendered line', f.rl);
  row('Change', f.patch, 'mono patch');
  row('Controls', (rules[f.r] || {}).maps, 'mono');
  row('Fingerprint', f.fp, 'mono');
  box.append(dl);
  if (state.group !== 'rule') box.append(prose(el('p', 'why'), (rules[f.r] || {}).why || ''), fixBox(f));
  return box;
};
const finding = f => {
  const d = el('details', 'finding'), s = el('summary', state.group === 'rule' ? 'plain' : '');
  if (state.group !== 'rule') s.append(tag(f));
  const msg = el('span', 'msg', f.m);
  msg.append(el('span', 'who', state.group === 'workload' ? f.r : state.group === 'file' ? who(f) + ', ' + f.r : who(f)));
  s.append(msg, el('span', 'at mono', at(f)));
  d.append(s);
  lazily(d, () => d.append(about(f)));
  return d;
};
// What a group holds, in a few words: its subjects, or how many of each severity.
const gist = hits => {
  if (state.group !== 'rule') return SEV.map((name, s) => [name, hits.filter(f => f.s === s).length]).filter(x => x[1]).reverse().map(x => x[1] + ' ' + x[0]).join(', ');
  const names = [...new Set(hits.map(who))], more = names.length - 3;
  return names.slice(0, 3).join(', ') + (more > 0 ? ' and ' + more.toLocaleString('en') + ' more' : '');
};
const group = hits => {
  const f = hits[0], r = rules[f.r] || {title: f.r, why: '', refs: []};
  const d = el('details', 'group'), s = el('summary'), name = el('span', 'name');
  name.append(state.group === 'rule' ? r.title : state.group === 'workload' ? who(f) : f.f || 'no file', el('span', 'gist', gist(hits)));
  s.append(tag(f), name, el('span', 'num', plural(hits.length, 'finding')));
  d.append(s);
  lazily(d, () => {
    const body = el('div', 'body');
    d.append(body);
    if (state.group === 'rule') {
      body.append(prose(el('p', 'why'), r.why));
      const refs = el('p', 'refs');
      refs.append(el('code', '', f.r));
      if (r.refs && r.refs.length) {
        r.refs.forEach((u, i) => {
          refs.append(i ? ', ' : ', see ');
          if (!/^https:\/\//.test(u)) { refs.append(u); return; }
          const a = el('a', '', u);
          a.href = u; a.rel = 'noopener noreferrer';
          refs.append(a);
        });
      }
      body.append(refs, fixBox(hits.find(x => x.cmd) || f));
    }
    const rows = el('div');
    body.append(rows);
    steps(rows, hits, finding);
    if (hits.length <= 3) rows.querySelector('.finding').open = true;
  });
  return d;
};

const render = () => {
  const words = state.q.toLowerCase().split(/\s+/).filter(Boolean);
  const hits = findings.filter(f => !state.off.has(SEV[f.s]) && words.every(w => f.hay.includes(w)));
  const groups = groupsOf(hits);
  list.replaceChildren();
  shown.textContent = (hits.length === findings.length ? '' : hits.length.toLocaleString('en') + ' of ') + plural(findings.length, 'finding');
  if (!hits.length) list.append(el('p', 'empty', findings.length ? 'No finding matches the filter.' : 'No findings.'));
  steps(list, groups, group);
  if (groups.length && (groups.length === 1 || (words.length && hits.length <= 5))) list.querySelectorAll('.group').forEach(g => { g.open = true; });
  cards.forEach(c => c.setAttribute('aria-pressed', String(!state.off.has(c.dataset.severity))));
  segs.forEach(b => b.setAttribute('aria-pressed', String(b.dataset.group === state.group)));
  if (q.value !== state.q) q.value = state.q;
  document.documentElement.dataset.shown = hits.length;
};
const change = () => { save(); render(); };
cards.forEach((c, i) => {
  const b = el('button', c.className);
  b.type = 'button';
  b.dataset.severity = c.dataset.severity;
  b.append(...c.childNodes);
  c.replaceWith(b);
  cards[i] = b;
  b.addEventListener('click', () => {
    const s = b.dataset.severity;
    if (state.off.has(s)) state.off.delete(s); else state.off.add(s);
    if (state.off.size === SEV.length) state.off.clear();
    change();
  });
});
segs.forEach(b => b.addEventListener('click', () => { state.group = b.dataset.group; change(); }));
let wait;
q.addEventListener('input', () => { clearTimeout(wait); wait = setTimeout(() => { state.q = q.value; change(); }, 80); });
addEventListener('keydown', e => {
  if (e.key === '/' && document.activeElement !== q && !e.ctrlKey && !e.metaKey && !e.altKey) { e.preventDefault(); q.focus(); q.select(); }
  if (e.key === 'Escape' && document.activeElement === q) { state.q = ''; change(); q.blur(); }
});
addEventListener('hashchange', () => { if (location.hash !== '#list') { read(); render(); } });
document.querySelector('.static').hidden = true;
if (findings.length) document.querySelector('.live').hidden = false; else document.querySelector('.static').hidden = false;
read();
render();
})();
