extends LandingTest
## A lander as the guide describes it: thrust of one strength in any direction, and a ray down to the terrain.

const CALM := {"wind_m_s": 0.0, "start_tilt_rad": 0.0, "start_sideways_m_s": 0.0, "start_descent_m_s": 0.0}


func test_a_joint_limit_leaves_the_direction_and_cuts_the_thrust() -> void:
	var pushed := {}
	for joint: bool in [false, true]:
		var zone := make_zone(CALM.merged({"lateral_thrust_n": 10000.0, "joint_thrust": joint}))
		var craft := zone.crafts[0]
		craft.start(Transform3D(Basis.IDENTITY, Vector3(0.0, 300.0, 0.0)), Vector3.ZERO, Vector3.ZERO)
		await fly(zone, PackedFloat32Array([1.0, 0.0, 1.0, 0.0, 0.0, 0.0]), 30)
		pushed[joint] = craft.linear_velocity - Vector3.DOWN * 1.62 * 29.0 * TICK
	var free: Vector3 = pushed[false]
	var limited: Vector3 = pushed[true]
	check_close(free.x, free.y, "as much sideways as up", 0.05)
	check_close(limited.x, limited.y, "with the limit, too", 0.05)
	check_close(limited.length() / free.length(), sqrt(0.5), "share of the thrust", 0.01)


func test_a_terrain_ray_observes_the_way_down_and_ten_where_it_meets_nothing() -> void:
	var zone := make_zone(CALM.merged({"terrain_ray": true}))
	var craft := zone.crafts[0]
	check_equal(craft.agent.observation_size, SEEN, "floats seen")
	await fly(zone, PackedFloat32Array([0.0, 0.0, 0.0, 0.0, 0.0, 0.0]), 1)
	var beside := Vector3(60.0, 0.0, 40.0)
	var ground := zone.ground.height_at(beside.x, beside.z)
	check_close(_seen_below(craft, beside + Vector3.UP * (ground + 50.0), Basis.IDENTITY), 0.5, "50 m above", 0.02)
	check_close(_seen_below(craft, Vector3.UP * 300.0, Basis.IDENTITY), 10.0, "300 m above")
	var lean := Basis(Vector3.RIGHT, PI / 2.0)
	check_close(_seen_below(craft, beside + Vector3.UP * (ground + 50.0), lean), 10.0, "level with the ground's hills")


func test_without_a_terrain_ray_the_height_of_the_ground_is_observed() -> void:
	var craft := make_zone(CALM).crafts[0]
	var height := craft.ground.height_at(60.0, 40.0)
	var seen := _seen_below(craft, Vector3(60.0, 300.0, 40.0), Basis.IDENTITY)
	check_close(seen, height / 100.0, "height from the pads' level", 1e-4)


## What a craft at a place observes of the ground.
func _seen_below(craft: Spacecraft, place: Vector3, turn: Basis) -> float:
	craft.start(Transform3D(turn, place), Vector3.ZERO, Vector3.ZERO)
	craft.force_update_transform()
	var seen := PackedFloat32Array()
	seen.resize(SEEN)
	craft.agent.observe(seen, 0)
	return seen[13]
