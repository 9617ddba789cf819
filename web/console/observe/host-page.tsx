export default function Page() {
  return <p>host-page</p>;
}
