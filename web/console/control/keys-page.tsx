export default function Page() {
  return <p>keys-page</p>;
}
