export default function Page() {
  return <p>audit-page</p>;
}
