class_name RLPausedBodies
## Rigid bodies that wait for the next physics tick to begin, after a reset.

static var _resumes: Dictionary[int, Callable] = {}


## Call `resume` when the next physics tick begins, unless the body is freed before.
static func add(body: Node, resume: Callable) -> void:
	_resumes[body.get_instance_id()] = resume
	var tick := body.get_tree().physics_frame
	if not tick.is_connected(_resume_all):
		tick.connect(_resume_all, CONNECT_ONE_SHOT)


static func has(body: Node) -> bool:
	return _resumes.has(body.get_instance_id())


static func _resume_all() -> void:
	var resumes := _resumes
	_resumes = {}
	for id: int in resumes:
		if is_instance_id_valid(id):
			resumes[id].call()
