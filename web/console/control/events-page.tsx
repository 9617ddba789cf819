export default function Page() {
  return <p>events-page</p>;
}
