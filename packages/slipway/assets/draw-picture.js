// What a model found, over the picture it was asked of.

const COLOURS = ["#d1495b", "#00798c", "#edae49", "#5b5ea6", "#3d8b37", "#b565a7", "#c2703d", "#4a6fa5"];
/** Small pictures are shown larger. */
const LEAST_WIDTH = 480;
const LISTED = 50;

function element(name, text, className) {
  const e = document.createElement(name);
  if (text !== undefined) e.textContent = text;
  if (className) e.className = className;
  return e;
}

/** A player of the sound that was sent. */
function drawSound(file) {
  const player = element("audio", undefined, "sound");
  player.controls = true;
  player.src = URL.createObjectURL(file);
  player.setAttribute("aria-label", "The sound that was sent");
  return player;
}

/** The picture on a canvas, small ones larger. */
function drawn(image, width, height) {
  const scale = Math.max(1, Math.ceil(LEAST_WIDTH / width));
  const canvas = element("canvas", undefined, "picture");
  canvas.width = width * scale;
  canvas.height = height * scale;
  const context = canvas.getContext("2d");
  context.imageSmoothingEnabled = scale < 3;
  context.drawImage(image, 0, 0, canvas.width, canvas.height);
  return { canvas, context, scale };
}

/** Elements to show; none where there is nothing to be shown over the picture. */
export async function drawOver(row, picture) {
  if (picture instanceof Blob && picture.type.startsWith("audio/")) return [drawSound(picture)];
  const { detections, mask } = row;
  if (Array.isArray(mask?.segments)) return drawMask(mask, picture);
  if (!Array.isArray(detections)) return [];
  const image = picture instanceof Blob ? await createImageBitmap(picture) : picture;
  const [width, height] = [image.videoWidth ?? image.width, image.videoHeight ?? image.height];
  const { canvas, context, scale } = drawn(image, width, height);
  const labels = [...new Set(detections.map((d) => d.label))].sort();
  const colourOf = (label) => COLOURS[labels.indexOf(label) % COLOURS.length];
  // The highest score lies on top.
  for (const found of detections.toReversed()) drawBox(context, found, colourOf(found.label), scale);
  canvas.setAttribute("role", "img");
  canvas.setAttribute("aria-label", `The picture with ${detections.length} detections`);
  return [canvas, drawList(detections, colourOf)];
}

/** The lengths of COCO's compressed runs: columns of pixels that are not of the class, then those that are, and so on. */
function lengthsOf(counts) {
  const lengths = [];
  for (let at = 0; at < counts.length; ) {
    let value = 0;
    let code = 0x20;
    for (let shift = 0; (code & 0x20) !== 0; shift += 5) {
      code = counts.charCodeAt(at++) - 48;
      value |= (code & 0x1f) << shift;
      if ((code & 0x30) === 0x10) value |= -1 << (shift + 5);
    }
    lengths.push(lengths.length > 2 ? value + lengths[lengths.length - 2] : value);
  }
  return lengths;
}

const isGround = ({ label, class: number }) => number === 0 && /^(?:background|_+background_+|0)$/.test(label);

/** Each class in a colour of its own over the picture; the ground stays as it is. */
async function drawMask({ size: [height, width], segments }, picture) {
  const image = picture instanceof Blob ? await createImageBitmap(picture) : picture;
  const shown = segments.filter((s) => !isGround(s));
  const colourOf = ({ class: number }) => COLOURS[(number + COLOURS.length - 1) % COLOURS.length];
  const layer = new ImageData(width, height);
  for (const segment of shown) {
    const [r, g, b] = [1, 3, 5].map((i) => parseInt(colourOf(segment).slice(i, i + 2), 16));
    let place = 0;
    lengthsOf(segment.counts).forEach((length, i) => {
      if (i % 2 === 1) for (let p = place; p < place + length; p++) layer.data.set([r, g, b, 150], 4 * ((p % height) * width + Math.floor(p / height)));
      place += length;
    });
  }
  const { canvas, context } = drawn(image, width, height);
  context.imageSmoothingEnabled = false;
  context.drawImage(await createImageBitmap(layer), 0, 0, canvas.width, canvas.height);
  canvas.setAttribute("role", "img");
  canvas.setAttribute("aria-label", `The picture with ${shown.length} ${shown.length === 1 ? "class" : "classes"} shown over it`);
  return [canvas, listSegments(segments, colourOf, width * height)];
}

function listSegments(segments, colourOf, pixels) {
  const box = element("div", undefined, "scroll");
  const table = element("table");
  const head = table.createTHead().insertRow();
  for (const name of ["class", "share", "pixels"]) {
    const th = element("th", name);
    th.scope = "col";
    head.append(th);
  }
  const body = table.createTBody();
  for (const segment of segments.toSorted((a, b) => b.pixels - a.pixels).slice(0, LISTED)) {
    const row = body.insertRow();
    const cell = row.insertCell();
    if (!isGround(segment)) {
      const chip = element("span", undefined, "chip");
      chip.style.background = colourOf(segment);
      cell.append(chip);
    }
    cell.append(segment.label);
    row.insertCell().textContent = `${((segment.pixels / pixels) * 100).toFixed(1)} %`;
    row.insertCell().textContent = String(segment.pixels);
  }
  box.append(table);
  if (segments.length > LISTED) box.append(element("p", `${segments.length} classes are there; the ${LISTED} largest are listed`, "hint"));
  return box;
}

function drawBox(context, { box, label, score }, colour, scale) {
  const [left, top, right, bottom] = box.map((x) => x * scale);
  const size = Math.max(13, context.canvas.width / 40);
  context.lineWidth = Math.max(2, size / 6);
  context.strokeStyle = colour;
  context.strokeRect(left, top, right - left, bottom - top);
  context.font = `600 ${size}px system-ui, sans-serif`;
  const text = `${label} ${Math.round(score * 100)} %`;
  const wide = context.measureText(text).width + size / 2;
  const x = Math.min(left, context.canvas.width - wide);
  const y = top >= size * 1.3 ? top - size * 1.3 : top;
  context.fillStyle = "rgb(16 24 29 / 85%)";
  context.fillRect(x, y, wide, size * 1.3);
  context.fillStyle = colour;
  context.fillRect(x, y, size / 5, size * 1.3);
  context.fillStyle = "#ffffff";
  context.textBaseline = "middle";
  context.fillText(text, x + size / 3, y + size * 0.68);
}

function drawList(detections, colourOf) {
  if (detections.length === 0) return element("p", "Nothing was found.", "figure");
  const box = element("div", undefined, "scroll");
  const table = element("table");
  const head = table.createTHead().insertRow();
  for (const name of ["found", "score", "left", "top", "right", "bottom"]) {
    const th = element("th", name);
    th.scope = "col";
    head.append(th);
  }
  const body = table.createTBody();
  for (const { label, score, box: sides } of detections.slice(0, LISTED)) {
    const row = body.insertRow();
    const cell = row.insertCell();
    const chip = element("span", undefined, "chip");
    chip.style.background = colourOf(label);
    cell.append(chip, label);
    for (const text of [`${(score * 100).toFixed(1)} %`, ...sides.map((x) => x.toFixed(0))]) row.insertCell().textContent = text;
  }
  box.append(table);
  if (detections.length > LISTED) box.append(element("p", `${detections.length} were found; the first ${LISTED} are listed`, "hint"));
  return box;
}
