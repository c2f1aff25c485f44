import { useState } from "react";
import { createRoot } from "react-dom/client";
import { RelevoChat } from "./RelevoChat";

function App() {
  const [isThere, setThere] = useState(true);
  const [unread, setUnread] = useState(0);
  return (
    <main>
      <h1>A shop in React{unread ? ` (${unread})` : ""}</h1>
      <button onClick={() => setThere(!isThere)}>{isThere ? "Take the chat away" : "Put it back"}</button>
      {isThere && <RelevoChat host="http://127.0.0.1:8080" site="default" onUnread={setUnread} />}
    </main>
  );
}

createRoot(document.getElementById("root")!).render(<App />);
