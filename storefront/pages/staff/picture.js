// A product's picture: chosen, looked at before it is sent, and sent with its progress shown.
import { html, nothing } from "/vendor/lit-html.js";
import { Trouble } from "/shop/api.js";
import { picture } from "/shop/parts.js";
import { t } from "/shop/texts.js";
import { callSignedIn } from "/shop/visitor.js";

const TYPES = ["image/avif", "image/jpeg", "image/png", "image/webp"];
const MAX_BYTES = 5_000_000;
const NOTHING = { file: null, preview: null, error: null, sent: null };
const words = t.staff.picture;

/** A file to be chosen; `changed` is called whenever something else is to be shown. */
export function choice(changed) {
  const chosen = { ...NOTHING, choose, forget, send };

  /** A form with a file that will not do is not sent: the browser says why. */
  async function choose({ target }) {
    const [file = null] = target.files;
    const error = file && unfit(file);
    target.setCustomValidity(error ?? "");
    forget();
    Object.assign(chosen, { file, error });
    changed();
    if (!file || error) return;
    const preview = await read(file);
    if (chosen.file === file) chosen.preview = preview;
    changed();
  }

  function forget() {
    Object.assign(chosen, NOTHING);
  }

  /** The address under which the product's new picture is there, once it is. */
  async function send(sku) {
    const { file } = chosen;
    show(0);
    try {
      const path = `/staff/products/${encodeURIComponent(sku)}/image`;
      const { body } = await callSignedIn("POST", path, { body: { type: file.type, size: file.size } });
      await post(body, file, show);
      return body.image;
    } finally {
      show(null);
    }
  }

  function show(sent) {
    chosen.sent = sent;
    changed();
  }

  return chosen;
}

/** Where it is chosen, beside what is chosen, or else the `image` there is. */
export function chooser(chosen, image) {
  return html`
    <div class="field choose">
      <div class="picture">${picture(chosen.preview ?? image, { size: 112 })}</div>
      <div class="field">
        <label for="file">${words.choose} <small>${t.optional}</small></label>
        <input id="file" type="file" accept=${TYPES.join()} @change=${chosen.choose}
          aria-invalid=${chosen.error ? "true" : nothing} aria-describedby="file-hint">
        <small id="file-hint" class=${chosen.error ? "error" : nothing} role="status">${chosen.error ?? words.hint}</small>
        ${chosen.sent === null ? nothing : html`<progress max="1" value=${chosen.sent} aria-label=${words.sending}></progress>`}
      </div>
    </div>`;
}

function unfit({ type, size }) {
  if (!TYPES.includes(type)) return words.wrongType;
  return size > MAX_BYTES ? words.tooLarge : null;
}

/** As a data URL: the pages' policy knows no other way to show what is not on a server. */
function read(file) {
  return new Promise((resolve) => {
    const reader = new FileReader();
    reader.onload = () => resolve(reader.result);
    reader.onerror = () => resolve(null); // it is sent without having been looked at
    reader.readAsDataURL(file);
  });
}

function post({ url, fields }, file, progress) {
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) form.append(name, value);
  form.append("file", file); // the last one: S3 ignores what follows it
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest(); // fetch tells nothing of its progress
    request.upload.onprogress = ({ loaded, total }) => progress(loaded / total);
    request.onload = () => (request.status < 300 ? resolve() : reject(new Trouble(request.status)));
    request.onerror = () => reject(new Trouble(0));
    request.open("POST", url);
    request.send(form);
  });
}
