import { Card } from "../ui/card.tsx";

export function JoinPage({ token }: { token: string }) {
  return <Card title={<h1>Join</h1>}>{token}</Card>;
}
