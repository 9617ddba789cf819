export default function Page() {
  return <p>members-page</p>;
}
