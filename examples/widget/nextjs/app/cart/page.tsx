import Link from "next/link";

export default function Cart() {
  return (
    <main>
      <h1>Your cart</h1>
      <Link href="/">Home</Link>
    </main>
  );
}
