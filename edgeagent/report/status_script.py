"""The status page's script: puts what the device streams into its places, and draws the last minute. No library.

Without it the page shows the same and reloads itself.
"""

JS = """
"use strict";
const $ = id => document.getElementById(id), strip = $("strip"), away = $("away");
const SEEN = 300, seen = [], AGAIN_MS = 5000;
let held = null, shown = null;

function show(now) {
  for (const [name, text] of Object.entries(now.fields))
    for (const place of document.querySelectorAll(`[data-field="${name}"]`))
      if (place.textContent !== text) place.textContent = text;
  for (const [name, share] of Object.entries(now.meters))
    for (const bar of document.querySelectorAll(`[data-meter="${name}"]`))
      bar.setAttribute("width", (100 * share).toFixed(1) + "%");
  if ($("state").textContent !== now.label) $("state").textContent = now.label;
  $("lamp").className = "lamp " + now.state;
  connected(!now.stale);
  seen.push([now.fill, now.meters.microphone, now.meters.loudspeaker]);
  if (seen.length > SEEN) seen.shift();
  draw();
}

function connected(so) {
  away.hidden = so;
  document.body.classList.toggle("old", !so);
}

function draw() {
  strip.hidden = false;
  const scale = devicePixelRatio || 1, wide = strip.clientWidth, high = strip.clientHeight;
  strip.width = wide * scale;
  strip.height = high * scale;
  const pen = strip.getContext("2d"), style = getComputedStyle(document.documentElement);
  pen.scale(scale, scale);
  const step = wide / SEEN, left = wide - seen.length * step;
  seen.forEach(([fill], index) => {
    pen.fillStyle = fill;
    pen.fillRect(left + index * step, high - 8, step + 1, 8);
  });
  for (const [column, colour] of [[2, "--soft"], [1, "--bar"]]) {
    pen.beginPath();
    seen.forEach((then, index) => pen.lineTo(left + (index + .5) * step, (high - 14) * (1 - then[column]) + 4));
    pen.strokeStyle = style.getPropertyValue(colour);
    pen.lineWidth = 1.6;
    pen.stroke();
  }
  pen.font = "12px system-ui, sans-serif";
  pen.fillStyle = style.getPropertyValue("--bar");
  pen.fillText("microphone", 12, 18);
  pen.fillStyle = style.getPropertyValue("--soft");
  pen.fillText("loudspeaker", 92, 18);
  pen.fillText("last minute", wide - 76, 18);
}

function lately(html) {
  const playing = [...$("history").querySelectorAll("audio")].some(player => !player.paused);
  held = playing ? html : null;
  if (playing || html === shown) return;
  shown = html;
  $("history").innerHTML = html;
}
$("history").addEventListener("pause", () => { if (held !== null) lately(held); }, true);

function watch() {
  const events = new EventSource("/events");
  events.addEventListener("minute", event => seen.splice(0, seen.length, ...JSON.parse(event.data).slice(-SEEN)));
  events.addEventListener("now", event => show(JSON.parse(event.data)));
  events.addEventListener("history", event => lately(JSON.parse(event.data)));
  events.addEventListener("check", event => {
    $("findings").innerHTML = JSON.parse(event.data);
    button.disabled = $("findings").textContent.startsWith("Checking");
  });
  events.addEventListener("calibrate", event => {
    $("calibration").innerHTML = JSON.parse(event.data);
    const steps = document.querySelector(".steps");
    if (steps) steps.scrollTop = steps.scrollHeight;
  });
  events.addEventListener("error", () => {
    connected(false);
    if (events.readyState === EventSource.CLOSED) setTimeout(again, AGAIN_MS);
  });
}

// A browser gives up where the answer is no stream: too many watch, or a proxy says that the device is away.
async function again() {
  const answer = await fetch("/events", {method: "HEAD"}).catch(() => null);
  if (answer?.status === 401) location.reload();  // to ask for the token
  else watch();
}

const button = document.querySelector("#check form button"), said = $("said");
async function refused(answer) {
  if (answer.type === "opaqueredirect") return;
  if (![403, 409].includes(answer.status)) return location.reload();
  said.textContent = await answer.text();
  said.hidden = false;
}
document.addEventListener("submit", event => {
  const form = event.target, pressed = form.querySelector("button");
  event.preventDefault();
  said.hidden = pressed.disabled = true;
  fetch(form.action, {method: "POST", body: new URLSearchParams(new FormData(form)), redirect: "manual"})
    .then(refused, () => connected(false))
    .finally(() => { if (!said.hidden) pressed.disabled = false; });
});
watch();
"""
