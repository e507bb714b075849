class_name TerrainSensor
extends RLSensor
## What the terrain costs, each divided by its budget, and how the player moves.

const MOST := 10.0


func fields() -> Array[RLField]:
	return [
		RLField.new("performance/physics_frame_time", 1, "share of 11.11 ms"),
		RLField.new("performance/chunk_generation", 1, "mean, share of 5 ms"),
		RLField.new("chunks", 1, "share of 512"),
		RLField.new("memory", 1, "share of 2048 MB"),
		RLField.new("velocity", 3, "m/s/20"),
		RLField.new("can_teleport", 1, "1 or 0"),
		RLField.new("has_ground", 1, "1, or 0 where the player waits for it"),
	]


func write(buffer: PackedFloat32Array, offset: int) -> void:
	var player := body as TerrainPlayer
	var found := player.terrain.chunk_statistics()
	var mean_ms: float = found["chunk_generation_avg_ms"]
	var chunks: float = found["active_chunk_count"]
	var memory_mb: float = found["voxel_memory_mb"]
	buffer[offset] = minf(RLMonitor.shared().physics_frame_time_ms / RLMonitor.FRAME_BUDGET_MS, MOST)
	buffer[offset + 1] = minf(mean_ms / RLMonitor.CHUNK_BUDGET_MS, MOST)
	buffer[offset + 2] = chunks / RLMonitor.CHUNK_BUDGET
	buffer[offset + 3] = memory_mb / RLMonitor.MEMORY_BUDGET_MB
	buffer[offset + 4] = player.velocity.x / 20.0
	buffer[offset + 5] = player.velocity.y / 20.0
	buffer[offset + 6] = player.velocity.z / 20.0
	buffer[offset + 7] = 1.0 if player.can_teleport() else 0.0
	buffer[offset + 8] = 1.0 if player.terrain.has_ground(player.position) else 0.0
