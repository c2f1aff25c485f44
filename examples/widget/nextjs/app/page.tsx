import Link from "next/link";

export default function Home() {
  return (
    <main>
      <h1>A shop in Next.js</h1>
      <Link href="/cart">Cart</Link>
    </main>
  );
}
