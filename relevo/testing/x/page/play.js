// Draws the page from the fake X's state, which is asked for again each time that something happens there.

const at = (id) => document.getElementById(id);
const language = localStorage.getItem("language") ?? (navigator.language.startsWith("es") ? "es" : "en");
const words = await (await fetch(`/play/file/${language}.json`)).json();
const say = (name, values = {}) => words[name].replace(/\{(\w+)\}/g, (_, key) => values[key]);
const locale = navigator.language.startsWith(language) ? navigator.language : language;
const number = new Intl.NumberFormat(locale);
const clock = new Intl.DateTimeFormat(locale, { hour: "2-digit", minute: "2-digit" });

let user = sessionStorage.getItem("user");
let transport = sessionStorage.getItem("transport") ?? "dm";
let state = null;
let photo = null;
const seen = new Map();

function make(tag, options = {}, ...children) {
  const { on, ...rest } = options;
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(rest)) {
    if (value === true) element.setAttribute(name, "");
    else if (value !== false && value != null) element.setAttribute(name, value);
  }
  if (on) element.addEventListener("click", on);
  element.append(...children.filter((child) => child != null));
  return element;
}

function translate() {
  document.documentElement.lang = language;
  for (const each of document.querySelectorAll("[data-t]")) each.textContent = words[each.dataset.t];
  for (const each of document.querySelectorAll("[data-p]")) each.placeholder = words[each.dataset.p];
  for (const each of document.querySelectorAll("[data-label]")) each.setAttribute("aria-label", words[each.dataset.label]);
  for (const each of document.querySelectorAll("[data-title]")) each.title = words[each.dataset.title];
  at("language").textContent = words.language;
  at("language").lang = language === "es" ? "en" : "es";
}

function tell(sentence) {
  at("said").textContent = sentence ?? "";
  at("said").hidden = !sentence;
}

async function act(name, values) {
  const form = new FormData();
  for (const [key, value] of Object.entries({ user: state.user, ...values })) if (value != null) form.append(key, value);
  try {
    const answer = await fetch(`/play/${name}`, { method: "POST", body: form });
    const told = answer.headers.get("content-type")?.includes("json") ? await answer.json() : {};
    tell(answer.ok ? null : say("failed", { why: told.error ?? answer.status }));
    return answer.ok ? told : null;
  } catch {
    tell(words.gone);
    return null;
  }
}

async function look() {
  const answer = await fetch(`/play/state?user=${user ?? ""}`);
  if (!answer.ok && user) {
    user = null;
    return look();
  }
  state = await answer.json();
  user = state.user;
  draw();
}

function draw() {
  const person = state.people.find((each) => each.id === state.user);
  at("status").textContent = state.waiting ? say("waiting", { count: state.waiting }) : words[state.is_ready ? "ready" : "starting"];
  at("status").dataset.state = state.is_ready && !state.waiting ? "ready" : "starting";
  at("desk").href = state.desk;
  at("messages-title").textContent = state.brand.name;
  at("as").textContent = say("as", { name: person.name });
  at("mentions").textContent = say("mentions", { name: state.brand.username });
  drawLimit();
  drawTransport();
  at("people").replaceChildren(...state.people.map(drawPerson));
  drawThread(person);
  const empty = make("li", { class: "none" }, words.no_posts);
  at("posts").replaceChildren(...(state.posts.length ? state.posts.map((post) => drawPost(post)) : [empty]));
}

function drawLimit() {
  at("limit").textContent = say("limit", { used: number.format(state.limit.used), most: number.format(state.limit.most) });
  at("limit-bar").max = state.limit.most;
  at("limit-bar").value = state.limit.used;
  at("limit-real").checked = state.is_real_limit;
}

function drawTransport() {
  if (!state.has_chat) transport = "dm";
  for (const button of document.querySelectorAll("[data-transport]")) {
    const isChat = button.dataset.transport === "chat";
    button.setAttribute("aria-pressed", String(button.dataset.transport === transport));
    button.disabled = isChat && !state.has_chat;
    button.title = button.disabled ? words.no_chat : "";
  }
}

function drawPerson(person) {
  const isChosen = person.id === state.user;
  if (isChosen) seen.set(person.id, person.heard);
  const unread = person.heard - (seen.get(person.id) ?? 0);
  const about = person.about[language] ?? words.stranger_about;
  const choose = async () => {
    user = person.id;
    sessionStorage.setItem("user", user);
    at("followers").value = person.followers;
    show("messages");
    await look();
  };
  return make("li", {},
    make("button", { type: "button", "aria-pressed": String(isChosen), on: choose },
      make("span", { class: "face", "data-hue": String(Number(person.id) % 6), "aria-hidden": "true" }, person.name[0].toUpperCase()),
      make("span", { class: "who" }, make("b", {}, person.name),
        make("small", {}, `@${person.username} · ${say("followers_count", { count: number.format(person.followers) })}`),
        make("small", { class: "about" }, about)),
      unread > 0 ? make("span", { class: "unread" }, String(unread)) : null));
}

function drawThread(person) {
  const thread = at("thread");
  const isAtEnd = thread.scrollHeight - thread.scrollTop - thread.clientHeight < 80 || thread.dataset.user !== person.id;
  const lines = state.messages.map((message, index) => drawMessage(message, index === state.messages.length - 1));
  if (state.is_typing) lines.push(make("li", { class: "writing" }, say("writing", { name: state.brand.name })));
  thread.replaceChildren(...(lines.length ? lines : [drawEmpty(person)]));
  thread.dataset.user = person.id;
  const toEnd = () => { thread.scrollTop = thread.scrollHeight; };
  if (!isAtEnd) return;
  toEnd();
  for (const picture of thread.querySelectorAll("img")) picture.addEventListener("load", toEnd, { once: true });
}

function drawEmpty(person) {
  const sentence = person.try[language];
  const fill = () => {
    at("text").value = sentence;
    grow();
    at("text").focus();
  };
  const line = make("li", { class: "none" });
  if (sentence) line.append(words.empty, make("button", { type: "button", class: "try", on: fill }, sentence));
  return line;
}

function drawMessage(message, isLast) {
  const bubble = make("div", { class: "bubble" });
  if (message.picture && message.is_image) {
    bubble.append(make("a", { href: message.picture, target: "_blank", rel: "noopener" }, make("img", { src: message.picture, alt: words.photo })));
  } else if (message.picture) {
    bubble.append(make("a", { href: message.picture, download: "" }, words.file));
  }
  if (message.text) bubble.append(make("p", {}, message.text));
  const line = make("li", { class: message.is_mine ? "mine" : "theirs" }, bubble);
  if (isLast && !message.is_mine && message.options.length) {
    const options = message.options.map((label) => make("button", { type: "button", on: () => act("choose", { label }) }, label));
    line.append(make("div", { class: "options" }, ...options));
  }
  const facts = [message.is_mine ? words.you : state.brand.name, clock.format(new Date(message.at))];
  if (message.transport === "chat") facts.push(words.encrypted);
  if (message.is_seen && message.is_mine) facts.push(words.read);
  line.append(make("small", {}, facts.join(" · ")));
  return line;
}

function drawPost(post, isAnswer = false) {
  const line = make("li", { class: isAnswer ? "answer" : "" },
    make("span", { class: isAnswer ? "face brand" : "face", "data-hue": String(Number(post.author) % 6), "aria-hidden": "true" }, post.name[0].toUpperCase()));
  const body = make("div", {}, make("p", { class: "by" }, make("b", {}, post.name), ` @${post.username} · ${clock.format(new Date(post.at))}`), make("p", { class: "text" }, post.text));
  if (isAnswer && post.invites) {
    const open = () => { show("messages"); at("text").focus(); };
    body.append(make("button", { type: "button", class: "invite", on: open }, say("write_them", { name: state.brand.name })));
  }
  if (!isAnswer) {
    body.append(make("p", { class: "reach" }, say("seen", { count: number.format(post.impressions) }), make("button", { type: "button", class: "quiet", on: () => act("spread", { post: post.id }) }, words.spread)));
    if (post.answers.length) body.append(make("ol", {}, ...post.answers.map((answer) => drawPost(answer, true))));
  }
  line.append(body);
  return line;
}

function show(tab) {
  document.querySelector("main").dataset.shown = tab;
  for (const button of document.querySelectorAll("[data-tab]")) button.setAttribute("aria-pressed", String(button.dataset.tab === tab));
}

function grow() {
  at("text").style.height = "auto";
  at("text").style.height = `${Math.min(at("text").scrollHeight, 160)}px`;
}

function attach(file) {
  if (file && file.size > 5 * 1024 * 1024) return tell(words.too_large);
  photo = file ?? null;
  at("attached").hidden = !photo;
  if (!photo) at("photo").value = "";
  at("attached-name").textContent = photo?.name ?? "";
  const reader = new FileReader();
  reader.onload = () => { at("attached-picture").src = reader.result; };
  if (photo) reader.readAsDataURL(photo);
}

async function send(event) {
  event?.preventDefault();
  const text = at("text").value.trim();
  if (!text && !photo) return;
  const kept = photo;
  at("text").value = "";
  grow();
  attach(null);
  if (await act("say", { text, photo: kept, transport })) return;
  at("text").value = text;
  attach(kept);
}

for (const button of document.querySelectorAll("[data-tab]")) button.addEventListener("click", () => show(button.dataset.tab));
for (const button of document.querySelectorAll("[data-transport]")) {
  button.addEventListener("click", () => {
    transport = button.dataset.transport;
    sessionStorage.setItem("transport", transport);
    drawTransport();
  });
}
at("language").addEventListener("click", () => {
  localStorage.setItem("language", language === "es" ? "en" : "es");
  location.reload();
});
at("say").addEventListener("submit", send);
at("text").addEventListener("input", grow);
at("text").addEventListener("keydown", (event) => {
  if (event.key === "Enter" && !event.shiftKey && !event.isComposing) send(event);
});
at("photo").addEventListener("change", () => attach(at("photo").files[0]));
at("detach").addEventListener("click", () => attach(null));
at("passport").addEventListener("click", async () => {
  const picture = await (await fetch(`/play/passport/${state.user}`)).blob();
  attach(new File([picture], "passport.jpg", { type: "image/jpeg" }));
});
at("limit-real").addEventListener("change", () => act("limit", { real: at("limit-real").checked ? "yes" : "no" }));
at("stranger").addEventListener("submit", async (event) => {
  event.preventDefault();
  const made = await act("stranger", { name: at("stranger-name").value });
  if (!made) return;
  event.target.reset();
  user = made.user;
  sessionStorage.setItem("user", user);
  show("messages");
  await look();
});
at("post").addEventListener("submit", async (event) => {
  event.preventDefault();
  const form = Object.fromEntries(new FormData(event.target));
  if (await act("post", form)) at("post-text").value = "";
});

translate();
await look();
const changes = new EventSource("/play/changes");
changes.onmessage = look;
changes.onerror = () => {
  at("status").textContent = words.gone;
  at("status").dataset.state = "gone";
};
