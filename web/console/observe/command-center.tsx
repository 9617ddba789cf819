export default function Page() {
  return <p>command-center</p>;
}
