"""Every fake world: scenes, the room, the closed loop, replay, the scorer and the generator of scenes."""
