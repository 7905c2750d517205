"""``python -m validation VERB`` is ``segval VERB``."""

from validation.cli import main

if __name__ == "__main__":
    main(prog_name="segval")
