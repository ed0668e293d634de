// A list of staff's, page after page, and the forms about it.
import { html, nothing } from "/vendor/lit-html.js";
import { troubled, waiting } from "/shop/parts.js";
import { t } from "/shop/texts.js";
import { callSignedIn } from "/shop/visitor.js";

/** Pages of `path`, kept in what it returns; `changed` is called whenever that has changed. */
export function paged(path, changed) {
  const list = { items: null, next: null, busy: false, trouble: null, more, again };

  async function more() {
    Object.assign(list, { busy: true, trouble: null });
    changed();
    try {
      const cursor = list.next ? `&${new URLSearchParams({ cursor: list.next })}` : "";
      const { body } = await callSignedIn("GET", `${path}${path.includes("?") ? "&" : "?"}limit=50${cursor}`);
      Object.assign(list, { items: [...(list.items ?? []), ...body.items], next: body.next });
    } catch (trouble) {
      list.trouble = trouble.status === 404 ? { message: t.staff.notYet } : trouble;
    }
    list.busy = false;
    changed();
  }

  function again() {
    Object.assign(list, { items: null, next: null });
    return more();
  }

  return list;
}

/** The list as a table: `columns` are heading and cell of each. */
export function table(list, columns) {
  return html`
    ${list.items?.length === 0 ? html`<p class="notice">${t.staff.none}</p>` : nothing}
    ${list.items?.length ? html`
      <div class="scrolled" tabindex="0" role="group" aria-label=${t.staff.title}><table>
        <thead><tr>${columns.map(([heading]) => html`<th scope="col">${heading}</th>`)}</tr></thead>
        <tbody>${list.items.map((item) => html`<tr>${columns.map(([, cell]) => html`<td>${cell(item)}</td>`)}</tr>`)}</tbody>
      </table></div>` : nothing}
    ${list.busy ? waiting() : nothing}
    ${list.trouble ? troubled(list.trouble, list.more) : nothing}
    ${list.next && !list.busy ? html`<p class="more"><button class="button" type="button" @click=${list.more}>${t.staff.more}</button></p>` : nothing}`;
}

/** What became of the last thing done. */
export function outcome({ said, trouble }) {
  return html`
    <p role="status">${said ?? nothing}</p>
    ${trouble ? html`<p class="note" role="alert">${trouble.message}</p>` : nothing}`;
}

/** Do it; `state` keeps what went wrong, and `show` is called either way. */
export async function trying(state, show, what) {
  Object.assign(state, { said: null, trouble: null });
  await what().catch((trouble) => { state.trouble = trouble; });
  show();
}
