// The picture of a product: chosen from a file, previewed, and uploaded to S3 with a progress bar.
import { html, nothing } from "/vendor/lit-html.js";
import { RequestError } from "/shop/api.js";
import { picture } from "/shop/components.js";
import { callSignedIn } from "/shop/session.js";
import { t } from "/shop/texts.js";

const TYPES = ["image/avif", "image/jpeg", "image/png", "image/webp"];
const MAX_BYTES = 5_000_000;
const EMPTY = { file: null, preview: null, error: null, progress: null };
const texts = t.staff.picture;

/**
 * The chosen file, its preview and the upload's progress (0 to 1; null if there is no upload).
 * `onChange` is called whenever one of them has changed.
 */
export function pictureChoice(onChange) {
  const choice = { ...EMPTY, choose, clear, upload };

  /** An unsuitable file makes the form invalid: the browser does not submit it and shows why. */
  async function choose({ target }) {
    const [file = null] = target.files;
    const error = file && findError(file);
    target.setCustomValidity(error ?? "");
    clear();
    Object.assign(choice, { file, error });
    onChange();
    if (!file || error) return;
    const preview = await readDataUrl(file);
    if (choice.file === file) choice.preview = preview;
    onChange();
  }

  function clear() {
    Object.assign(choice, EMPTY);
  }

  /** Uploads the file. Returns the address of the picture, to be saved with the product. */
  async function upload(sku) {
    const { file } = choice;
    setProgress(0);
    try {
      const path = `/staff/products/${encodeURIComponent(sku)}/image`;
      const { body } = await callSignedIn("POST", path, { body: { type: file.type, size: file.size } });
      await postForm(body, file, setProgress);
      return body.image;
    } finally {
      setProgress(null);
    }
  }

  function setProgress(progress) {
    choice.progress = progress;
    onChange();
  }

  return choice;
}

/** The file input, beside the preview or, without one, the product's current `image`. */
export function pictureInput(choice, image) {
  return html`
    <div class="field picture-input">
      <div class="picture">${picture(choice.preview ?? image, { size: 112 })}</div>
      <div class="field">
        <label for="file">${texts.choose} <small>${t.optional}</small></label>
        <input id="file" type="file" accept=${TYPES.join()} @change=${choice.choose}
          aria-invalid=${choice.error ? "true" : nothing} aria-describedby="file-hint">
        <small id="file-hint" class=${choice.error ? "error" : nothing} role="status">${choice.error ?? texts.hint}</small>
        ${choice.progress === null ? nothing : html`<progress max="1" value=${choice.progress} aria-label=${texts.uploading}></progress>`}
      </div>
    </div>`;
}

function findError({ type, size }) {
  if (!TYPES.includes(type)) return texts.wrongType;
  return size > MAX_BYTES ? texts.tooLarge : null;
}

/** A data URL: the only way to show a local file that the Content Security Policy allows. */
function readDataUrl(file) {
  return new Promise((resolve) => {
    const reader = new FileReader();
    reader.onload = () => resolve(reader.result);
    reader.onerror = () => resolve(null); // the picture has no preview, but can be uploaded
    reader.readAsDataURL(file);
  });
}

function postForm({ url, fields }, file, onProgress) {
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) form.append(name, value);
  form.append("file", file); // last, because S3 ignores the fields after it
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest(); // fetch() does not report the progress of an upload
    request.upload.onprogress = ({ loaded, total }) => onProgress(loaded / total);
    request.onload = () => (request.status < 300 ? resolve() : reject(new RequestError(request.status)));
    request.onerror = () => reject(new RequestError(0));
    request.open("POST", url);
    request.send(form);
  });
}
