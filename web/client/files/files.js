export class Files {
  busy = false;
  constructor() {}
  card() { return null; }
  nameIn() { return null; }
  leaveRoom() {}
}
