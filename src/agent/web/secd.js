"use strict";

// The page is complete without this: it makes the log live, and shows that the doctor is at work.
(() => {
  const form = document.querySelector("form");
  if (form) {
    const button = form.querySelector("button");
    const words = button.textContent;
    form.addEventListener("submit", () => {
      button.disabled = true;
      button.textContent = "Asking the servers…";
    });
    // Back from another page, the browser may show this one as it was left.
    addEventListener("pageshow", () => {
      button.disabled = false;
      button.textContent = words;
    });
  }

  const log = document.getElementById("log");
  const badge = document.querySelector("#console .badge");
  if (!log || !window.EventSource) {
    return;
  }
  const MOST = 1000;
  const LEVELS = ["ERR", "WRN", "NOT", "INF", "DEB"];
  const show = (kind, words) => {
    badge.className = "badge " + kind;
    badge.textContent = words;
  };
  const add = (text) => {
    // Only for a reader at the end: who has scrolled up is reading.
    const follows = log.scrollHeight - log.scrollTop - log.clientHeight < 40;
    const line = document.createElement("span");
    const level = text.split(" ")[1];
    line.className = LEVELS.includes(level) ? level : "INF";
    line.textContent = text;
    log.append(line, "\n");
    while (log.childNodes.length > 2 * MOST) {
      log.firstChild.remove();
    }
    if (follows) {
      log.scrollTop = log.scrollHeight;
    }
  };
  log.scrollTop = log.scrollHeight;

  const last = log.dataset.last;
  let run = last.split(".")[0];
  const source = new EventSource("/log?after=" + encodeURIComponent(last));
  source.onopen = () => show("good", "live");
  source.onmessage = (event) => {
    const of = event.lastEventId.split(".")[0];
    if (run && of !== run) {
      add("— the agent has started again —");
    }
    run = of;
    add(event.data);
  };
  source.addEventListener("missed", (event) => add("— " + event.data + " lines were missed —"));
  source.onerror = () => {
    const ended = source.readyState === EventSource.CLOSED;
    show("odd", ended ? "not live: reload to try again" : "connecting again…");
  };
})();
