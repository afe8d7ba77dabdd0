"""The second room: files and sheet become one AnnData, judged and normalised."""
