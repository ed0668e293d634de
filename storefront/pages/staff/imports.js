// A price list is brought into the shop: a file, what its columns mean, and what became of its lines.
import { html, nothing } from "/vendor/lit-html.js";
import { waiting } from "/shop/parts.js";
import { t } from "/shop/texts.js";
import { guess } from "./importing/columns.js";
import { NEEDED } from "./importing/offers.js";
import { open } from "./importing/records.js";
import { beginning, bringIn } from "./importing/run.js";
import { outcome, table, trying } from "./table.js";

const OUTCOMES = ["created", "updated", "unchanged", "failed"];
const SHOWN = 20; // faults; the report has them all
const words = t.staff.importing;

export function imports(draw) {
  const state = { list: null, columns: null, progress: null, busy: null, said: null, trouble: null };

  function show() {
    draw(html`
      ${outcome(state)}
      <section class="panel">
        <p>${words.lead}</p>
        <p class="field"><label for="file">${words.file}</label>
          <input id="file" type="file" accept=".csv,.tsv,.txt,.jsonl,.ndjson,.json"
            ?disabled=${state.busy} @click=${forget} @change=${choose}></p>
      </section>
      ${state.busy === "reading" ? waiting(words.reading) : nothing}
      ${state.list && !state.progress ? mapping(state) : nothing}
      ${state.progress ? became(state) : nothing}`);
  }

  function mapping({ list, columns }) {
    const mapped = Object.keys(columns).filter((field) => columns[field]);
    return html`
      <form class="panel wide" @submit=${start}>
        <h2>${words.columns(list.total)}</h2>
        <div class="panels">${Object.keys(columns).map(chooser)}</div>
        <h2>${words.sample}</h2>
        ${table({ items: list.sample }, mapped.map((field) => [words.fields[field], (cells) => cells[columns[field]]]))}
        <p class="go"><button class="button">${words.start}</button></p>
      </form>`;
  }

  function chooser(field) {
    const change = ({ target }) => { state.columns[field] = target.value; show(); };
    return html`
      <p class="field"><label for=${field}>${words.fields[field]}</label>
        <select id=${field} ?required=${NEEDED.includes(field)} @change=${change}>
          ${["", ...state.list.columns].map((column) => html`
            <option value=${column} .selected=${column === state.columns[field]}>${column || words.none}</option>`)}
        </select></p>`;
  }

  function became({ list, progress }) {
    const stop = () => { progress.isStopped = true; show(); };
    return html`
      <section id="became" class="panel wide" tabindex="-1" aria-label=${words.progress}>
        <progress max=${list.total} .value=${progress.done} aria-label=${words.progress}></progress>
        <p>${words.of(progress.done, list.total)}</p>
        <dl class="sums">${OUTCOMES.map((each) => html`
          <div><dt>${words.outcomes[each]}</dt><dd>${progress[each]}</dd></div>`)}</dl>
        ${Object.entries(progress.leftOut).map(([what, number]) => (number ? html`
          <p class="note">${words.leftOut[what](number)}</p>` : nothing))}
        ${state.busy ? html`<p class="go"><button class="button plain" type="button"
          ?disabled=${progress.isStopped} @click=${stop}>${words.stop}</button></p>` : nothing}
        ${progress.faults.length ? failures(progress) : nothing}
      </section>`;
  }

  function failures({ faults }) {
    return html`
      <h2>${words.failures}</h2>
      ${table({ items: faults.slice(0, SHOWN) }, [
        [words.line, ({ line }) => line],
        [words.field, ({ field }) => words.fields[field] ?? field],
        [words.problem, ({ problem }) => problem],
        [words.raw, ({ raw }) => html`<code class="quiet cut">${raw}</code>`],
      ])}
      ${state.busy ? nothing : html`
        <p class="go"><button class="button" type="button" @click=${download}>${words.report}</button></p>`}`;
  }

  /** A line for each fault, as `./souk import` writes them. */
  function download() {
    const text = state.progress.faults.map((fault) => `${JSON.stringify(fault)}\n`).join("");
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([text], { type: "application/jsonl" }));
    link.download = `${state.list.name.replace(/\.[^.]*$/, "")}.errors.jsonl`;
    link.click();
    URL.revokeObjectURL(link.href);
  }

  /** Else a browser says nothing of the same file chosen again. */
  const forget = ({ target }) => { target.value = ""; };

  const choose = ({ target }) => working("reading", async () => {
    Object.assign(state, { list: null, progress: null });
    const [file] = target.files;
    if (!file) return;
    const list = await open(file);
    Object.assign(state, { list, columns: await guess(list.columns) });
  });

  function start(event) {
    event.preventDefault();
    const { list, columns } = state;
    const progress = beginning();
    return working("importing", async () => {
      Object.assign(state, { progress, said: words.running });
      show();
      document.getElementById("became").focus();
      await bringIn(list, columns, progress, show).finally(() => { state.said = null; });
      state.said = progress.isStopped ? words.stopped(progress.done, list.total) : words.finished(progress.done);
    });
  }

  /** Only one thing at a time is done with the file. */
  async function working(what, work) {
    state.busy = what;
    await trying(state, show, async () => {
      show();
      await work().finally(() => { state.busy = null; });
    });
  }

  show();
}
