// Keeps a page up to date. Without this script everything can still be read, and forms still work.
"use strict";

const AGES = [[60, "s"], [60, "min"], [24, "h"], [365, "d"], [Infinity, "y"]];

/** How long ago a moment was, in one unit. */
function age(seconds) {
  let left = Math.max(0, seconds);
  for (const [size, unit] of AGES) {
    if (left < size) return `${Math.floor(left)} ${unit} ago`;
    left /= size;
  }
  return "";
}

/** Show ages instead of times; the time stays as the title. */
function showAges(root) {
  for (const time of root.querySelectorAll("time[datetime]")) {
    if (!time.title) time.title = time.textContent;
    time.textContent = age((Date.now() - Date.parse(time.dateTime)) / 1000);
  }
}

/** Whether somebody is writing in this part of the page, so that it must stay as it is. */
function isInUse(part) {
  if (part.contains(document.activeElement) && document.activeElement.matches("input, textarea, select")) return true;
  for (const field of part.querySelectorAll("textarea, input[type=text]")) {
    if (field.value !== field.defaultValue) return true;
  }
  return false;
}

/** Take the parts of a new version of this page that changed. Focus and scrolling stay where they are. */
function takeOver(next) {
  for (const part of next.querySelectorAll("[data-live]")) {
    const old = document.getElementById(part.id);
    showAges(part);
    if (!old || old.isEqualNode(part)) continue;
    if (isInUse(old)) {
      old.classList.add("outdated");
      continue;
    }
    for (const details of part.querySelectorAll("details[id]")) {
      const before = document.getElementById(details.id);
      if (before) details.open = before.open;
    }
    const focused = old.contains(document.activeElement) ? document.activeElement.id : "";
    old.replaceWith(document.importNode(part, true));
    if (focused) document.getElementById(focused)?.focus({ preventScroll: true });
  }
  document.title = next.title;
}

let loading = false;
let again = false;

/** Load this page again and take over what changed; one load at a time. */
async function refresh() {
  if (loading) {
    again = true;
    return;
  }
  loading = true;
  try {
    const answer = await fetch(location.href, { credentials: "same-origin", redirect: "error" });
    if (answer.ok) takeOver(new DOMParser().parseFromString(await answer.text(), "text/html"));
  } catch {
    say("gitorch serve does not answer.");
  } finally {
    loading = false;
    if (again) {
      again = false;
      refresh();
    }
  }
}

/** One polite line for people who see the page, and for those who hear it. */
function say(text) {
  const line = document.getElementById("live");
  if (line) line.textContent = text;
}

let events = null;
let last = document.body.dataset.tip || "";

/** Open the stream of events while the page is shown; a hidden page needs none. */
function listen() {
  if (document.hidden) {
    events?.close();
    events = null;
    return;
  }
  if (events) return;
  events = new EventSource(`/events?after=${encodeURIComponent(last)}`);
  events.addEventListener("ledger", (event) => {
    const news = JSON.parse(event.data);
    last = event.lastEventId;
    if (news.records.length) say(news.records[news.records.length - 1]);
    refresh();
  });
}

/** Let a person comment on a line: its number becomes a button that opens a comment below the line. */
function offerComments(form) {
  for (const cell of document.querySelectorAll(".diff td[data-line]")) {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = cell.dataset.line;
    button.setAttribute("aria-label", `Comment on line ${cell.dataset.line}`);
    button.addEventListener("click", () => comment(form, cell));
    cell.replaceChildren(button);
    cell.classList.add("may");
  }
  // The empty rows are for browsers without scripts.
  for (const row of form.querySelectorAll("fieldset.comment")) row.remove();
}

/** Open a comment below a line; its fields belong to the form at the end of the page. */
function comment(form, cell) {
  const row = cell.closest("tr");
  const below = row.nextElementSibling;
  if (below?.classList.contains("draft")) {
    below.querySelector("textarea").focus();
    return;
  }
  const path = cell.closest("table").dataset.path;
  const draft = document.createElement("tr");
  draft.className = "remark draft";
  const place = document.createElement("td");
  place.colSpan = 3;
  const field = (name, value) => {
    const input = document.createElement("input");
    Object.assign(input, { type: "hidden", name, value });
    input.setAttribute("form", form.id);
    place.append(input);
  };
  field("path", path);
  field("line", cell.dataset.line);
  const weight = document.createElement("select");
  weight.name = "severity";
  weight.setAttribute("form", form.id);
  weight.setAttribute("aria-label", "Weight");
  for (const word of ["blocking", "important", "minor", "note"]) weight.add(new Option(word, word, false, word === "important"));
  const words = document.createElement("textarea");
  Object.assign(words, { name: "comment", rows: 3, required: true });
  words.setAttribute("form", form.id);
  words.setAttribute("aria-label", `Comment on line ${cell.dataset.line} of ${path}`);
  const remove = document.createElement("button");
  remove.type = "button";
  remove.textContent = "Remove";
  remove.addEventListener("click", () => {
    draft.remove();
    count(form);
  });
  place.append(words, document.createElement("br"), weight, " ", remove);
  draft.append(place);
  row.after(draft);
  words.focus();
  count(form);
}

/** Say at the form how many comments go with it. */
function count(form) {
  const drafts = document.querySelectorAll("tr.draft").length;
  document.getElementById("comments").textContent = drafts === 1 ? "1 comment goes with it." : `${drafts} comments go with it.`;
}

const review = document.getElementById("review-form");
if (review) {
  offerComments(review);
  review.addEventListener("submit", () => (sending = true));
}
let sending = false;
window.addEventListener("beforeunload", (event) => {
  if (!sending && document.querySelector("tr.draft")) event.preventDefault();
});

document.addEventListener("visibilitychange", listen);
showAges(document);
setInterval(() => showAges(document), 10000);
if (document.querySelector("[data-live]")) listen();
