// The import page of staff: choose a file, check its columns, import it, and see the result of each line.
import { html, nothing } from "/vendor/lit-html.js";
import { loading } from "/shop/components.js";
import { t } from "/shop/texts.js";
import { mapColumns, REQUIRED_FIELDS } from "./importing/columns.js";
import { inspectFile } from "./importing/records.js";
import { importProducts, newProgress } from "./importing/run.js";
import { resultMessage, run, table } from "./table.js";

const OUTCOMES = ["created", "updated", "unchanged", "failed"];
const MAX_ERRORS_SHOWN = 20; // the report has all of them
const texts = t.staff.importing;

export function imports(draw) {
  const state = { file: null, columns: null, progress: null, busy: null, message: null, error: null };

  function show() {
    draw(html`
      ${resultMessage(state)}
      <section class="panel">
        <p>${texts.intro}</p>
        <p class="field"><label for="file">${texts.file}</label>
          <input id="file" type="file" accept=".csv,.tsv,.txt,.jsonl,.ndjson,.json"
            ?disabled=${state.busy} @click=${clearInput} @change=${chooseFile}></p>
      </section>
      ${state.busy === "reading" ? loading(texts.reading) : nothing}
      ${state.file && !state.progress ? columnsForm(state) : nothing}
      ${state.progress ? progressSection(state) : nothing}`);
  }

  function columnsForm({ file, columns }) {
    const mappedFields = Object.keys(columns).filter((field) => columns[field]);
    const sampleColumns = mappedFields.map((field) => [texts.fields[field], (cells) => cells[columns[field]]]);
    return html`
      <form class="panel wide" @submit=${startImport}>
        <h2>${texts.columns(file.total)}</h2>
        <div class="panels">${Object.keys(columns).map(columnSelect)}</div>
        <h2>${texts.sample}</h2>
        ${table({ items: file.sample }, sampleColumns)}
        <p class="actions"><button class="button">${texts.start}</button></p>
      </form>`;
  }

  function columnSelect(field) {
    const selectColumn = ({ target }) => { state.columns[field] = target.value; show(); };
    return html`
      <p class="field"><label for=${field}>${texts.fields[field]}</label>
        <select id=${field} ?required=${REQUIRED_FIELDS.includes(field)} @change=${selectColumn}>
          ${["", ...state.file.columns].map((column) => html`
            <option value=${column} .selected=${column === state.columns[field]}>${column || texts.noColumn}</option>`)}
        </select></p>`;
  }

  function progressSection({ file, progress }) {
    const stop = () => { progress.isStopped = true; show(); };
    return html`
      <section id="progress" class="panel wide" tabindex="-1" aria-label=${texts.progress}>
        <progress max=${file.total} .value=${progress.done} aria-label=${texts.progress}></progress>
        <p>${texts.done(progress.done, file.total)}</p>
        <dl class="totals">${OUTCOMES.map((name) => html`
          <div><dt>${texts.outcomes[name]}</dt><dd>${progress[name]}</dd></div>`)}</dl>
        ${Object.entries(progress.omitted).map(([field, number]) => (number ? html`
          <p class="note">${texts.omitted[field](number)}</p>` : nothing))}
        ${state.busy ? html`<p class="actions"><button class="button plain" type="button"
          ?disabled=${progress.isStopped} @click=${stop}>${texts.stop}</button></p>` : nothing}
        ${progress.errors.length ? errorTable(progress) : nothing}
      </section>`;
  }

  function errorTable({ errors }) {
    return html`
      <h2>${texts.errors}</h2>
      ${table({ items: errors.slice(0, MAX_ERRORS_SHOWN) }, [
        [texts.line, ({ line }) => line],
        [texts.field, ({ field }) => texts.fields[field] ?? field],
        [texts.problem, ({ problem }) => problem],
        [texts.raw, ({ raw }) => html`<code class="muted truncated">${raw}</code>`],
      ])}
      ${state.busy ? nothing : html`
        <p class="actions"><button class="button" type="button" @click=${downloadReport}>${texts.report}</button></p>`}`;
  }

  /** One JSON object per error, as in the report of `./souk import`. */
  function downloadReport() {
    const report = state.progress.errors.map((error) => `${JSON.stringify(error)}\n`).join("");
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([report], { type: "application/jsonl" }));
    link.download = `${state.file.name.replace(/\.[^.]*$/, "")}.errors.jsonl`;
    link.click();
    URL.revokeObjectURL(link.href);
  }

  /** Without this, choosing the same file again would not fire a change event. */
  const clearInput = ({ target }) => { target.value = ""; };

  const chooseFile = ({ target }) => runExclusively("reading", async () => {
    Object.assign(state, { file: null, progress: null });
    const [chosen] = target.files;
    if (!chosen) return;
    const file = await inspectFile(chosen);
    Object.assign(state, { file, columns: await mapColumns(file.columns) });
  });

  function startImport(event) {
    event.preventDefault();
    const { file, columns } = state;
    const progress = newProgress();
    return runExclusively("importing", async () => {
      Object.assign(state, { progress, message: texts.running });
      show();
      document.getElementById("progress").focus();
      await importProducts(file, columns, progress, show).finally(() => { state.message = null; });
      state.message = progress.isStopped ? texts.stopped(progress.done, file.total) : texts.finished(progress.done);
    });
  }

  /** Runs one activity at a time: while `busy` is set, another file cannot be chosen. */
  async function runExclusively(activity, work) {
    state.busy = activity;
    await run(state, show, async () => {
      show();
      await work().finally(() => { state.busy = null; });
    });
  }

  show();
}
