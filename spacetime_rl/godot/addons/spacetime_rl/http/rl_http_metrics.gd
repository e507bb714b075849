class_name RLHttpMetrics
## What the engine measures of the running game.


## Frames and times, memory in bytes, objects, drawing, physics.
static func read() -> RLHttpReply:
	return (
		RLHttpReply
		. new(
			{
				"engine":
				{
					"fps": Performance.get_monitor(Performance.TIME_FPS),
					"process_time_s": Performance.get_monitor(Performance.TIME_PROCESS),
					"physics_process_time_s": Performance.get_monitor(Performance.TIME_PHYSICS_PROCESS),
					"physics_ticks_per_second": Engine.physics_ticks_per_second,
					"time_scale": Engine.time_scale,
					"frames_drawn": Engine.get_frames_drawn(),
					"physics_frames": Engine.get_physics_frames(),
				},
				"memory":
				{
					"static_memory_usage": OS.get_static_memory_usage(),
					"static_memory_peak": OS.get_static_memory_peak_usage(),
				},
				"objects":
				{
					"objects": _count(Performance.OBJECT_COUNT),
					"nodes": _count(Performance.OBJECT_NODE_COUNT),
					"resources": _count(Performance.OBJECT_RESOURCE_COUNT),
					"orphan_nodes": _count(Performance.OBJECT_ORPHAN_NODE_COUNT),
				},
				"render":
				{
					"draw_calls": _count(Performance.RENDER_TOTAL_DRAW_CALLS_IN_FRAME),
					"video_memory": _count(Performance.RENDER_VIDEO_MEM_USED),
				},
				"physics":
				{
					"active_bodies_3d": _count(Performance.PHYSICS_3D_ACTIVE_OBJECTS),
					"active_bodies_2d": _count(Performance.PHYSICS_2D_ACTIVE_OBJECTS),
				},
			}
		)
	)


static func _count(monitor: Performance.Monitor) -> int:
	return int(Performance.get_monitor(monitor))
