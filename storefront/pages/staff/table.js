// Paged lists, tables and result messages of the staff page.
import { html, nothing } from "/vendor/lit-html.js";
import { errorNotice, loading } from "/shop/components.js";
import { callSignedIn } from "/shop/session.js";
import { t } from "/shop/texts.js";

const PAGE_SIZE = 50;

/** The items of `path`, loaded page by page. `onChange` is called whenever the list has changed. */
export function pagedList(path, onChange) {
  const list = { items: null, next: null, busy: false, error: null, loadMore, reload };

  async function loadMore() {
    Object.assign(list, { busy: true, error: null });
    onChange();
    try {
      const cursor = list.next ? `&${new URLSearchParams({ cursor: list.next })}` : "";
      const { body } = await callSignedIn("GET", `${path}${path.includes("?") ? "&" : "?"}limit=${PAGE_SIZE}${cursor}`);
      Object.assign(list, { items: [...(list.items ?? []), ...body.items], next: body.next });
    } catch (error) {
      list.error = error.status === 404 ? { message: t.staff.noService } : error;
    }
    list.busy = false;
    onChange();
  }

  function reload() {
    Object.assign(list, { items: null, next: null });
    return loadMore();
  }

  return list;
}

/** A list as a table. `columns` are pairs: a heading, and a function from an item to its cell. */
export function table(list, columns) {
  return html`
    ${list.items?.length === 0 ? html`<p class="notice">${t.staff.none}</p>` : nothing}
    ${list.items?.length ? html`
      <div class="scrollable" tabindex="0" role="group" aria-label=${t.staff.title}><table>
        <thead><tr>${columns.map(([heading]) => html`<th scope="col">${heading}</th>`)}</tr></thead>
        <tbody>${list.items.map((item) => html`<tr>${columns.map(([, cell]) => html`<td>${cell(item)}</td>`)}</tr>`)}</tbody>
      </table></div>` : nothing}
    ${list.busy ? loading() : nothing}
    ${list.error ? errorNotice(list.error, list.loadMore) : nothing}
    ${list.next && !list.busy ? html`<p class="load-more"><button class="button" type="button" @click=${list.loadMore}>${t.staff.more}</button></p>` : nothing}`;
}

/** The message or the error of the last action. */
export function resultMessage({ message, error }) {
  return html`
    <p role="status">${message ?? nothing}</p>
    ${error ? html`<p class="note" role="alert">${error.message}</p>` : nothing}`;
}

/** Runs `action`, then calls `show`. An error is stored in `state`. */
export async function run(state, show, action) {
  Object.assign(state, { message: null, error: null });
  await action().catch((error) => { state.error = error; });
  show();
}
