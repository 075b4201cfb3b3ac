"""The page's script: zoom, the hair line with its read-out, and the cursor that follows the sound. No library.

Without it the page still shows everything and the players play.
"""

JS = """
"use strict";
const figure = document.querySelector(".figure"), inner = figure.querySelector(".inner");
const over = figure.querySelector(".over"), cursor = over.querySelector(".cursor"), hair = over.querySelector(".hair");
const data = JSON.parse(document.getElementById("data").textContent);
const readout = document.querySelector("output"), players = [...document.querySelectorAll("audio")];
const total = Number(inner.dataset.seconds), buttons = [...document.querySelectorAll("button[data-zoom]")];
let active = players[0];

function place(line, time) {
  line.style.display = "block";
  line.style.left = 100 * time / total + "%";
}
function timeAt(event) {
  const box = over.getBoundingClientRect();
  return (event.clientX - box.left) / box.width * total;
}
function zoom(factor, time) {
  const name = over.offsetLeft, seen = figure.clientWidth - name;
  if (time === undefined) time = (figure.scrollLeft + seen / 2) / over.clientWidth * total;
  document.documentElement.style.setProperty("--zoom", factor);
  figure.classList.toggle("zoomed", factor >= 4);
  figure.scrollLeft = time / total * over.clientWidth - seen / 2;
  for (const button of buttons) button.setAttribute("aria-pressed", Number(button.dataset.zoom) === factor);
}
for (const button of buttons) button.addEventListener("click", () => zoom(Number(button.dataset.zoom)));
figure.addEventListener("dblclick", event => zoom(8, timeAt(event)));

inner.addEventListener("mousemove", event => {
  const time = timeAt(event);
  if (time < 0 || time > total) return;
  place(hair, time);
  const span = data.states.find(([start, end]) => start <= time && time < end);
  const values = data.traces.map(([name, values, top]) => {
    const value = values[Math.floor(time / data.hop)];
    return value == null ? "" : "  ·  " + name.toLowerCase() + " " + (value * top / 100).toFixed(2);
  });
  readout.textContent = time.toFixed(3) + " s" + (span ? "  ·  " + span[2].replace("_", " ") : "") + values.join("");
});
inner.addEventListener("mouseleave", () => { hair.style.display = "none"; readout.textContent = ""; });
inner.addEventListener("click", event => {
  const time = timeAt(event);
  if (active && time >= 0) { active.currentTime = time; place(cursor, time); }
});

function follow() {
  if (!active || active.paused) return;
  place(cursor, active.currentTime);
  const x = cursor.offsetLeft, seen = figure.clientWidth - over.offsetLeft;
  if (x < figure.scrollLeft || x > figure.scrollLeft + seen) figure.scrollLeft = x - seen / 10;
  requestAnimationFrame(follow);
}
for (const player of players) {
  player.addEventListener("play", () => {
    for (const other of players) if (other !== player) other.pause();
    if (active !== player && player.currentTime === 0) player.currentTime = active.currentTime;
    active = player;
    follow();
  });
  player.addEventListener("seeked", () => place(cursor, player.currentTime));
}
"""
