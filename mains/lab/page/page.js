"use strict";

/* The models: their layers, computed in order as Keras does. Inputs, outputs
   and codes are flat arrays in the order of numpy.ravel. */

const HALF_PRECISION = Float32Array.from({ length: 65536 }, (_, bits) => {
  const exponent = bits >> 10 & 31, fraction = (bits & 1023) / 1024;
  const value = exponent
    ? 2 ** (exponent - 15) * (1 + fraction) : 2 ** -14 * fraction;
  return bits >> 15 ? -value : value;
});

function unpack({ type, content }) {
  const bytes = Uint8Array.from(atob(content), letter => letter.charCodeAt(0));
  if (type === "uint8") return Float32Array.from(bytes, value => value / 255);
  if (type === "float32") return new Float32Array(bytes.buffer);
  const halves = new Uint16Array(bytes.buffer);
  return Float32Array.from(halves, bits => HALF_PRECISION[bits]);
}

const ACTIVATIONS = {
  linear: value => value,
  relu: value => Math.max(0, value),
  sigmoid: value => 1 / (1 + Math.exp(-value)),
};

// Takes each output pixel from the input at (rowOf(y), columnOf(x)).
function gather(layer, input, rowOf, columnOf, outside = 0) {
  const [height, width, channels] = layer.shape;
  const [rows, columns] = layer.inputShape;
  const output = new Float32Array(height * width * channels).fill(outside);
  for (let y = 0; y < height; y++) for (let x = 0; x < width; x++) {
    const row = rowOf(y), column = columnOf(x);
    if (row < 0 || row >= rows || column < 0 || column >= columns) continue;
    const from = (row * columns + column) * channels;
    output.set(input.subarray(from, from + channels), (y * width + x) * channels);
  }
  return output;
}

// Adds a value times a row of a kernel to some of the output.
function accumulate(output, start, value, kernel, row, size) {
  if (value === 0) return;
  for (let unit = 0, index = row * size; unit < size; unit++)
    output[start + unit] += value * kernel[index++];
}

const LAYERS = {
  Dense({ kernel, bias, activation }, input) {
    const output = Float32Array.from(bias);
    input.forEach((value, row) =>
      accumulate(output, 0, value, kernel, row, bias.length));
    return output.map(ACTIVATIONS[activation]);
  },
  Conv2D({ kernel, bias, activation, kernelSize, offset, shape, inputShape }, input) {
    const [height, width, filters] = shape, [rows, columns, channels] = inputShape;
    const output = new Float32Array(height * width * filters);
    for (let y = 0; y < height; y++) for (let x = 0; x < width; x++) {
      const start = (y * width + x) * filters;
      output.set(bias, start);
      for (let i = 0; i < kernelSize[0]; i++) for (let j = 0; j < kernelSize[1]; j++) {
        const row = y + i - offset[0], column = x + j - offset[1];
        if (row < 0 || row >= rows || column < 0 || column >= columns) continue;
        for (let channel = 0; channel < channels; channel++)
          accumulate(output, start, input[(row * columns + column) * channels + channel],
            kernel, (i * kernelSize[1] + j) * channels + channel, filters);
      }
    }
    return output.map(ACTIVATIONS[activation]);
  },
  MaxPooling2D(layer, input) {
    const corners = [[0, 0], [0, 1], [1, 0], [1, 1]].map(([down, right]) =>
      gather(layer, input, y => 2 * y + down, x => 2 * x + right, -Infinity));
    return corners.reduce((largest, corner) =>
      largest.map((value, index) => Math.max(value, corner[index])));
  },
  UpSampling2D: (layer, input) => gather(layer, input, y => y >> 1, x => x >> 1),
  ZeroPadding2D: (layer, input) =>
    gather(layer, input, y => y - layer.offset[0], x => x - layer.offset[1]),
  Cropping2D: (layer, input) =>
    gather(layer, input, y => y + layer.offset[0], x => x + layer.offset[1]),
  GaussianNoise: (_, input) => input,
  MaskingNoise: (_, input) => input,
  Contraction: (_, ...units) => units.at(-1),
};

function compute({ layers, outputs }, input) {
  const values = [];
  for (const layer of layers) {
    const inputs = layer.inputs?.map(index => values[index]);
    values.push(inputs ? LAYERS[layer.kind](layer, ...inputs) : input);
  }
  return outputs.map(index => values[index]);
}

const data = JSON.parse(document.getElementById("data").textContent);
for (const { layers } of data ? [data.encoder, data.decoder] : []) {
  for (const layer of layers) {
    if (layer.inputs) layer.inputShape = layers[layer.inputs[0]].shape;
    if (layer.kernel) layer.kernel = unpack(layer.kernel);
    if (layer.bias) layer.bias = unpack(layer.bias);
  }
}

const product = shape => shape.reduce((total, side) => total * side, 1);
const sum = (values, term) =>
  values.reduce((total, value, index) => total + term(value, index), 0);
const clip = (value, low, high) => Math.min(Math.max(value, low), high);

// Math.min and Math.max do not take hundreds of thousands of arguments.
const minimum = (values, start = Infinity) =>
  values.reduce((a, b) => Math.min(a, b), start);
const maximum = (values, start = -Infinity) =>
  values.reduce((a, b) => Math.max(a, b), start);

const encode = input => compute(data.encoder, input);
const decode = code => compute(data.decoder, code)[0];

const known = data?.neighbours ? unpack(data.neighbours.points) : [];
const soften = value => Math.abs(value) > 2
  ? Math.sign(value) * 2 * (1 + Math.log(Math.abs(value) / 2)) : value;

// The error of each number of a table's row, where 1 is usual.
const unusual = (input, rebuilt) => Array.from(input, (value, index) =>
  (value - rebuilt[index]) / data.neighbours.usual[index]);

// As in lab/scores.py: the mean distance from the five nearest known rows. Of
// these a test row is one, known in half precision; it does not count for itself.
function scoreOfRow(input, rebuilt) {
  const point = [...Array.from(input, value => 8 * value), ...unusual(input, rebuilt).map(soften)];
  const distances = Array.from({ length: known.length / point.length }, (_, row) =>
    Math.sqrt(sum(point, (value, index) => (value - known[row * point.length + index]) ** 2)));
  distances.sort((a, b) => a - b);
  const own = distances[0] < 0.01 * Math.sqrt(point.length) ? 1 : 0;
  const nearest = distances.slice(own, own + 5);
  return sum(nearest, value => value) / nearest.length;
}

// As in the run: of a table by its neighbours; else the squared error, or for
// a Gaussian code the negative ELBO.
function score(input, rebuilt, [, mean, logVariance]) {
  if (data.neighbours) return scoreOfRow(input, rebuilt);
  if (!data.gaussian) return sum(input, (value, index) => (value - rebuilt[index]) ** 2);
  return sum(input, (value, index) => {
    const probability = clip(rebuilt[index], 1e-7, 1 - 1e-7), inside = clip(value, 0, 1);
    return (value - inside) ** 2
      - inside * Math.log(probability) - (1 - inside) * Math.log(1 - probability);
  }) + 0.5 * sum(mean, (value, index) =>
    value ** 2 + Math.exp(logVariance[index]) - 1 - logVariance[index]);
}

function checked(array, model) {
  const expected = product(model.layers[0].shape), values = Float32Array.from(array);
  const finite = values.filter(Number.isFinite).length;
  if (values.length === expected && finite === expected) return values;
  throw new RangeError(
    `Expected ${expected} finite numbers. Received: ${values.length}, ${finite} of them finite`);
}

if (data) window.autoencoder = {
  encode: array => Array.from(encode(checked(array, data.encoder))[0]),
  decode: array => Array.from(decode(checked(array, data.decoder))),
  rebuild: array => Array.from(decode(encode(checked(array, data.encoder))[0])),
  score(array) {
    const input = checked(array, data.encoder), outputs = encode(input);
    return score(input, decode(outputs[0]), outputs);
  },
};

/* Elements, text and pictures. */

const byId = id => document.getElementById(id);
const colourOf = name => getComputedStyle(document.documentElement).getPropertyValue(name);
const text = value => String(Math.abs(value) < 1000
  ? Number(value.toPrecision(3)) : Math.round(value)).replace("-", "\u2212");
// As lab/data/scaling.py undoes it; what rounding leaves of 0 is 0.
function inUnits({ low, high, centre, spread, reach }, value) {
  if (!reach) return text(low + value * (high - low));
  const distance = 2 * reach * (value - 0.5), size = Math.abs(distance);
  const units = centre + spread * Math.sign(distance)
    * (size > 2 ? 2 * Math.exp(size / 2 - 1) : size);
  return text(Math.abs(units) < 1e-5 * spread ? 0 : units);
}

// Calls a function once before the next frame, however often it is asked to.
function oncePerFrame(act) {
  let waiting = false;
  return () => {
    if (waiting) return;
    waiting = true;
    requestAnimationFrame(() => { waiting = false; act(); });
  };
}

// Calls a function when canvases must be painted again.
function onRepaint(act) {
  addEventListener("resize", act);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", act);
}

// Paints an image in its own pixels, which the style sheet enlarges, or the
// row of a table as a bar for each column.
function paint(canvas, values) {
  if (data.columns) return void paintBars(canvas, values, { low: [0], high: [1] });
  const [height, width, channels] = data.shape;
  if (canvas.width !== width) canvas.width = width;
  if (canvas.height !== height) canvas.height = height;
  const image = new ImageData(width, height);
  for (let pixel = 0; pixel < width * height; pixel++) {
    for (let channel = 0; channel < 3; channel++)
      image.data[4 * pixel + channel] =
        Math.round(255 * values[pixel * channels + channel % channels]);
    image.data[4 * pixel + 3] = 255;
  }
  canvas.getContext("2d").putImageData(image, 0, 0);
}

// Empties a canvas and gives it the resolution of the screen.
function prepare(canvas) {
  const { width, height } = canvas.getBoundingClientRect();
  canvas.width = width * devicePixelRatio;
  canvas.height = height * devicePixelRatio;
  const context = canvas.getContext("2d");
  context.scale(devicePixelRatio, devicePixelRatio);
  return [context, width, height];
}

function paintBars(canvas, values, { low, high }) {
  const [context, width, height] = prepare(canvas);
  const least = minimum(low, 0), most = maximum(high, 0), range = most - least || 1;
  const step = Math.min(width / values.length, 48);
  const left = (width - step * values.length) / 2, zero = height * most / range;
  context.fillStyle = colourOf("--accent");
  values.forEach((value, index) => context.fillRect(
    left + index * step, zero, Math.max(step * 0.8, 0.5), -height * value / range));
  context.fillStyle = colourOf("--soft");
  context.fillRect(0, Math.min(zero, height - 1), width, 1);
}

// Adds a labelled slider with some outputs; returns the slider and these.
function addSlider(parent, name, min, max, outputs, onInput) {
  const [line, label, slider, ...shown] =
    ["div", "label", "input", ...Array(outputs).fill("output")].map(
      tag => document.createElement(tag));
  line.className = "slide";
  label.textContent = name;
  slider.id = label.htmlFor = `${parent.id}-${parent.children.length}`;
  Object.assign(slider, { type: "range", min, max, step: "any" });
  slider.addEventListener("input", onInput);
  line.append(label, slider, ...shown);
  parent.append(line);
  return [slider, ...shown];
}

/* The input: drawn on a canvas, or set by a slider for each column. */

// Listens to a pen on a canvas whose own size is [width, height].
function listenToPen(canvas, width, height, step, { lower, moveTo }) {
  let last = [width / 2, height / 2], down = false;
  const pointOf = event => {
    const box = canvas.getBoundingClientRect();
    return [(event.clientX - box.left) / box.width * width,
      (event.clientY - box.top) / box.height * height];
  };
  function start(point) {
    lower();
    down = true;
    moveTo(point, point);
    last = point;
  }
  function go(point) {
    if (down) moveTo(point, last);
    last = point;
  }
  canvas.addEventListener("pointerdown", event => {
    canvas.setPointerCapture(event.pointerId);
    start(pointOf(event));
  });
  canvas.addEventListener("pointermove", event => {
    if (!down) return;
    const events = event.getCoalescedEvents?.() ?? [];
    for (const part of events.length ? events : [event]) go(pointOf(part));
  });
  for (const name of ["pointerup", "pointercancel", "blur"])
    canvas.addEventListener(name, () => { down = false; });
  canvas.addEventListener("keydown", event => {
    const direction = {
      ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1],
    }[event.key];
    if (direction) {
      go(last.map((value, axis) =>
        clip(value + step * direction[axis], 0, [width, height][axis])));
    } else if (event.key !== " ") return;
    else if (down) down = false;
    else start(last);
    event.preventDefault();
  });
}

function startInput(images, count, showCode) {
  const [height, width, channels] = data.columns ? [1, 1, data.shape[0]] : data.shape;
  const length = product(data.shape), noise = byId("noise"), { masking } = data.noise;
  const blank = Float32Array.from({ length }, (_, index) => data.blank[index % data.blank.length]);
  let clean = blank.slice(), random = [];
  const normal = () => Math.sqrt(-2 * Math.log(1 - Math.random()))
    * Math.cos(2 * Math.PI * Math.random());

  const refresh = oncePerFrame(() => {
    const strength = noise.valueAsNumber;
    const input = clean.map((value, index) => masking
      ? random[index] < strength ? 0 : value : value + strength * random[index]);
    const outputs = encode(input), code = outputs[0], rebuilt = decode(code);
    if (!data.columns) paint(byId("drawing"), input);
    paint(byId("rebuilt"), rebuilt);
    paint(byId("difference"), rebuilt.map((value, index) => Math.abs(value - input[index])));
    paintBars(byId("bars"), code, data.codes);
    const zeros = code.filter(value => value === 0).length;
    byId("code-text").textContent = code.length <= 4
      ? Array.from(code, text).join(", ") : `${code.length} units, ${zeros} of them 0`;
    byId("noise-text").textContent = strength.toFixed(2);
    const error = other => text(sum(clean, (value, index) => (value - other[index]) ** 2));
    byId("errors").textContent = strength
      ? `Squared error: ${error(input)} with noise, ${error(rebuilt)} after reconstruction.` : "";
    for (const { column, slider, before, after } of sliders) {
      slider.value = clean[column.index];
      before.textContent = inUnits(column, input[column.index]);
      slider.setAttribute("aria-valuetext", before.textContent);
      after.textContent = inUnits(column, rebuilt[column.index]);
    }
    showVerdict(score(input, rebuilt, outputs));
    if (data.neighbours) showOddColumns(input, rebuilt);
    showCode(code);
  });

  // Which columns are odd? The five of the largest errors, for their usual size.
  function showOddColumns(input, rebuilt) {
    const errors = unusual(input, rebuilt).map(Math.abs);
    const odd = [...data.columns].sort((a, b) => errors[b.index] - errors[a.index]).slice(0, 5);
    byId("odd").replaceChildren(...odd.map(column => {
      const line = document.createElement("li");
      line.textContent = `${column.name}: ${inUnits(column, input[column.index])}, expected `
        + `${inUnits(column, rebuilt[column.index])}: ${text(errors[column.index])} `
        + "times the usual error";
      return line;
    }));
  }

  function showVerdict(found) {
    const quantile = byId("threshold").value, threshold = data.thresholds[quantile];
    const anomaly = found > threshold, verdict = document.createElement("b");
    byId("judgement").classList.toggle("alarm", anomaly);
    verdict.textContent = anomaly ? "Anomaly" : "Normal";
    byId("verdict").replaceChildren(verdict, `: the score is ${text(found)}; `
      + `${text(100 * quantile)}% of the test inputs score below ${text(threshold)}.`);
    document.querySelector(".gauge i").style.width = `${Math.min(100, 50 * found / threshold)}%`;
  }

  function setInput(values, origin) {
    clean = values;
    byId("origin").textContent = origin;
    random = Float32Array.from({ length }, masking ? Math.random : normal);
    refresh();
  }

  function showTest(index) {
    const label = data.labels ? `, label ${data.labels.names[data.labels.which[index]]}` : "";
    setInput(images.slice(index * length, (index + 1) * length), `Test input ${index + 1}${label}`);
  }

  for (const quantile of Object.keys(data.thresholds).filter(quantile => quantile >= 0.9))
    byId("threshold").append(
      new Option(`${text(100 * (1 - quantile))}%`, quantile, false, quantile === "0.95"));
  byId("threshold").addEventListener("input", refresh);
  byId("random").addEventListener("click", () => showTest(Math.floor(Math.random() * count)));
  byId("clear").addEventListener("click", () => setInput(blank.slice(), ""));
  noise.value = data.noise.start;
  noise.addEventListener("input", refresh);
  onRepaint(refresh);
  const sliders = (data.columns ?? []).map(column => {
    const [slider, before, after] = addSlider(
      byId("columns"), column.name, column.least, column.most, 2, () => {
        clean[column.index] = slider.valueAsNumber;
        byId("origin").textContent = "";
        refresh();
      });
    return { column, slider, before, after };
  });

  // A stroke covers each pixel by its distance from the pen's path.
  const radius = Math.max(height, width) / 28 * 1.1;
  const isErasing = () => byId("erase").getAttribute("aria-pressed") === "true";
  let before, cover;
  function inkColour() {
    if (isErasing()) return data.blank;
    if (channels !== 3) return data.blank.map(value => value < 0.5 ? 1 : 0);
    return [1, 3, 5].map(start => parseInt(byId("colour").value.slice(start, start + 2), 16) / 255);
  }
  function lower() {
    [before, cover] = [clean.slice(), new Float32Array(width * height)];
    byId("origin").textContent = "";
  }
  function moveTo([x, y], [startX, startY]) {
    const [spanX, spanY] = [x - startX, y - startY], ink = inkColour();
    for (let pixel = 0; pixel < width * height; pixel++) {
      const right = pixel % width + 0.5 - startX, down = Math.floor(pixel / width) + 0.5 - startY;
      const along = clip((right * spanX + down * spanY) / (spanX ** 2 + spanY ** 2 || 1), 0, 1);
      const distance = Math.hypot(right - along * spanX, down - along * spanY);
      cover[pixel] = Math.max(cover[pixel], clip(radius + 0.5 - distance, 0, 1));
      for (let channel = 0; channel < channels; channel++) {
        const index = pixel * channels + channel;
        clean[index] = before[index] + (ink[channel] - before[index]) * cover[pixel];
      }
    }
    refresh();
  }
  listenToPen(byId("drawing"), width, height, radius, { lower, moveTo });
  byId("erase").addEventListener("click", () =>
    byId("erase").setAttribute("aria-pressed", !isErasing()));
  byId("colour").hidden = channels !== 3 || Boolean(data.columns);
  byId("colour").value = sum(data.blank, value => value) < 1.5 ? "#ffffff" : "#000000";
  showTest(0);
}

/* The latent space: a plane of codes, and an interpolation. */

const HUES = ["#3b82f6", "#f97316", "#22a55b", "#e5484d", "#8b5cf6",
  "#a16b4a", "#ec4899", "#8a8f98", "#c2a500", "#06a7b8"];

function startLatentSpace(images, count) {
  const canvas = byId("plane"), { low, high, units } = data.codes;
  const [mean, axes, points] =
    [data.plane.mean, data.plane.axes, data.plane.points].map(unpack);
  const length = product(data.shape), size = mean.length;
  const bounds = [0, 1].map(axis => {
    const values = points.filter((_, index) => index % 2 === axis);
    const least = minimum(values), most = maximum(values), margin = (most - least) * 0.06 || 1;
    return [least - margin, most + margin];
  });
  let code = mean.slice(), inputCode = null, ends = [];

  const project = code => [0, 1].map(axis =>
    sum(code, (value, index) => (value - mean[index]) * axes[axis * size + index]));
  const unproject = ([x, y]) => mean.map((value, index) =>
    value + x * axes[index] + y * axes[size + index]);
  const colourOfLabel = label => data.labels.names.length > HUES.length
    ? `hsl(${label * 300 / data.labels.names.length} 65% 50%)` : HUES[label];

  const refresh = oncePerFrame(() => {
    const decoded = decode(code);
    paint(byId("decoded"), decoded);
    byId("decoded-row").replaceChildren(...(data.columns ?? []).map(column => {
      const line = document.createElement("span");
      line.textContent = `${column.name}: ${inUnits(column, decoded[column.index])}`;
      return line;
    }));
    byId("point").textContent = `at ${project(code).map(text).join(", ")}`;
    paintPlane();
    for (const { slider, number, unit } of sliders) {
      slider.value = code[unit];
      number.textContent = text(code[unit]);
    }
  });

  function paintPlane() {
    const [context, width, height] = prepare(canvas);
    const onCanvas = point => point.map((value, axis) => {
      const fraction = (value - bounds[axis][0]) / (bounds[axis][1] - bounds[axis][0]);
      return axis ? height * (1 - fraction) : width * fraction;
    });
    const circle = (code, radius) => {
      context.beginPath();
      context.arc(...onCanvas(project(code)), radius, 0, 2 * Math.PI);
    };
    const dot = points.length < 1000 ? 5 : 3;
    context.globalAlpha = 0.75;
    context.fillStyle = colourOf("--soft");
    for (let index = 0; index < points.length / 2; index++) {
      if (data.labels) context.fillStyle = colourOfLabel(data.labels.which[index]);
      const [x, y] = onCanvas([points[2 * index], points[2 * index + 1]]);
      context.fillRect(x - dot / 2, y - dot / 2, dot, dot);
    }
    context.globalAlpha = 1;
    context.lineWidth = 2;
    context.strokeStyle = context.fillStyle = colourOf("--ink");
    context.beginPath();
    for (const end of ends) context.lineTo(...onCanvas(project(end)));
    context.stroke();
    if (inputCode) {
      circle(inputCode, 8);
      context.stroke();
    }
    circle(code, 6);
    context.fill();
    context.strokeStyle = colourOf("--card");
    context.stroke();
  }

  function go(to) {
    code = to;
    refresh();
  }

  const sliders = units.map(unit => {
    const most = high[unit] > low[unit] ? high[unit] : low[unit] + 1;
    const [slider, number] = addSlider(byId("codes"), `${unit + 1}`, low[unit], most, 1, () => {
      code[unit] = slider.valueAsNumber;
      refresh();
    });
    return { slider, number, unit };
  });
  if (units.length < size)
    byId("units").textContent = `The ${units.length} of ${size} units that vary most`;
  byId("axes").textContent =
    `Horizontal: ${data.plane.names[0]}. Vertical: ${data.plane.names[1]}.`;
  byId("coloured").hidden = !data.labels;
  for (const [label, name] of (data.labels?.names ?? []).slice(0, 30).entries()) {
    const entry = document.createElement("span"), dot = document.createElement("i");
    dot.style.background = colourOfLabel(label);
    entry.append(dot, name);
    byId("legend").append(entry);
  }

  const drag = event => {
    const box = canvas.getBoundingClientRect();
    const fractions = [(event.clientX - box.left) / box.width,
      (box.bottom - event.clientY) / box.height];
    go(unproject(fractions.map((fraction, axis) =>
      bounds[axis][0] + fraction * (bounds[axis][1] - bounds[axis][0]))));
  };
  canvas.addEventListener("pointerdown", event => {
    canvas.setPointerCapture(event.pointerId);
    drag(event);
  });
  canvas.addEventListener("pointermove", event => { if (event.buttons) drag(event); });
  canvas.addEventListener("keydown", event => {
    const direction = {
      ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1],
    }[event.key];
    if (!direction) return;
    event.preventDefault();
    go(unproject(project(code).map((value, axis) =>
      value + direction[axis] * (bounds[axis][1] - bounds[axis][0]) / 50)));
  });
  onRepaint(refresh);

  // The interpolation: a test input at each end, decoded codes in between.
  const image = index => images.slice(index * length, (index + 1) * length);
  const between = fraction => ends[0].map((value, index) =>
    value + fraction * (ends[1][index] - value));
  const other = data.labels?.which.slice(0, count).findIndex(
    label => label !== data.labels.which[0]) ?? 1;
  const chosen = [0, Math.max(1, other) % count];
  const frames = Array.from({ length: 11 }, () => document.createElement("canvas"));
  byId("path").append(...frames);
  for (const frame of frames) {
    frame.className = "picture";
    frame.setAttribute("aria-hidden", "true");
  }
  function interpolate(fraction) {
    ends = chosen.map(index => encode(image(index))[0]);
    const decoded = Array.from({ length: 9 }, (_, index) => decode(between(index / 8)));
    [image(chosen[0]), ...decoded, image(chosen[1])].forEach(
      (values, index) => paint(frames[index], values));
    byId("position").value = fraction;
    go(between(fraction));
  }
  ["start", "end"].forEach((id, side) => byId(id).addEventListener("click", () => {
    chosen[side] = Math.floor(Math.random() * count);
    interpolate(side);
  }));
  byId("position").addEventListener("input", event => go(between(event.target.valueAsNumber)));
  interpolate(0.5);
  return code => { inputCode = code; refresh(); };
}

if (data) {
  const images = unpack(data.images), count = images.length / product(data.shape);
  startInput(images, count, startLatentSpace(images, count));
}
