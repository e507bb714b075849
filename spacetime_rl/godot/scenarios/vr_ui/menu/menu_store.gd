class_name MenuStore
extends RefCounted
## Where a menu keeps its settings: a ConfigFile under user://, one for each menu.

const _SECTION := "settings"

static var _menus := 0

## The file; the process's number keeps games apart that share a user:// folder.
var path := ""

var _saved := ConfigFile.new()


func _init() -> void:
	_menus += 1
	path = "user://vr_ui_%d_%d.cfg" % [OS.get_process_id(), _menus]


## Back to defaults: nothing was ever saved.
func forget() -> void:
	_saved.clear()
	if FileAccess.file_exists(path):
		DirAccess.remove_absolute(path)


## Save every setting of the pages.
func write(pages: Array[MenuPage]) -> void:
	for page: MenuPage in pages:
		for element: MenuElement in page.elements:
			if element.is_setting():
				_saved.set_value(_SECTION, element.title, element.value())
	var problem := _saved.save(path)
	if problem != OK:
		push_error("%s: the settings cannot be saved: %s" % [path, error_string(problem)])


## Forget what is in memory and read the file again.
func load_again() -> void:
	_saved.clear()
	if FileAccess.file_exists(path) and _saved.load(path) != OK:
		push_error("%s: the settings cannot be read" % path)


## The saved value of a setting, or its default.
func read(element: MenuElement) -> float:
	return _saved.get_value(_SECTION, element.title, element.default_value)
