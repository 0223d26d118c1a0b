"""Run paging alone: `python -m tocsin_paging`."""

from tocsin_chassis.serving import serve_alone
from tocsin_paging.app import create_app
from tocsin_paging.settings import PagingSettings

if __name__ == "__main__":
    serve_alone("paging", PagingSettings, create_app)
